"""Secrets by reference: `env:NAME`, `file:PATH` and `secretsmanager:NAME` in the place of a string."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from eventgate.config.sources import Directory
from eventgate.core.pointer import join
from eventgate.errors import Finding, SourceError

if TYPE_CHECKING:
    from eventgate.config.secretsmanager import SecretsManager


REFERENCES: Final = ("env:", "file:", "secretsmanager:")
"""How a reference begins."""


class Secret(str):
    """A string that came by reference. It is itself where it is used, and its reference where it is shown."""

    __slots__ = ("reference",)
    reference: str

    def __new__(cls, value: str, reference: str) -> Secret:
        secret = super().__new__(cls, value)
        secret.reference = reference
        return secret

    def __repr__(self) -> str:
        return f"<{self.reference}>"

    def __reduce__(self) -> tuple[type[Secret], tuple[str, str]]:
        return Secret, (str(self), self.reference)


def shown(text: str) -> str:
    """`text` as it may be shown: what came by reference as its reference."""
    return text.reference if isinstance(text, Secret) else text


class Secrets:
    """Looks references up in the environment, in files relative to the configuration directory, and in AWS.

    `ca_bundle` is how Secrets Manager proves itself, as `ssl_ca_bundle`.
    """

    def __init__(self, directory: Directory, env: Mapping[str, str], ca_bundle: bool | str = True) -> None:
        self._directory = directory
        self._env = env
        self._ca_bundle = ca_bundle
        self._secrets_manager: SecretsManager | None = None
        self._schemes: dict[str, Callable[[str], Awaitable[str]]] = {
            "env": self._from_environment,
            "file": self._from_file,
            "secretsmanager": self._from_secrets_manager,
        }

    async def resolve(self, value: Any, *, file: str, pointer: str = "") -> tuple[Any, tuple[Finding, ...]]:
        """`value` with every reference in it replaced by a `Secret`, and a finding for each that leads nowhere."""
        findings: list[Finding] = []
        return await self._resolve(value, file, pointer, findings), tuple(findings)

    async def read(self, reference: str) -> Secret:
        """What `reference` stands for now: it may have been changed since. Raises `SourceError`."""
        scheme, _, name = reference.partition(":")
        if scheme == "secretsmanager":
            return Secret(await self._from_secrets_manager(name, anew=True), reference)
        if scheme not in self._schemes:
            raise SourceError("is no reference")
        return Secret(await self._schemes[scheme](name), reference)

    async def _resolve(self, value: Any, file: str, pointer: str, findings: list[Finding]) -> Any:
        if isinstance(value, dict):
            return {
                name: await self._resolve(item, file, pointer + join([name]), findings) for name, item in value.items()
            }
        if isinstance(value, list):
            return [await self._resolve(item, file, f"{pointer}/{i}", findings) for i, item in enumerate(value)]
        if not isinstance(value, str):
            return value
        scheme, colon, name = value.partition(":")
        if not colon or scheme not in self._schemes:
            return value
        try:
            return Secret(await self._schemes[scheme](name), value)
        except SourceError as error:
            findings.append(Finding("error", file, str(error), pointer))
            return Secret("", value)

    async def _from_secrets_manager(self, name: str, *, anew: bool = False) -> str:
        if self._secrets_manager is None:
            from eventgate.config.secretsmanager import SecretsManager

            self._secrets_manager = SecretsManager(self._ca_bundle)
        return await self._secrets_manager.read(name, anew=anew)

    async def _from_environment(self, name: str) -> str:
        if not self._env.get(name):
            raise SourceError(f"the environment variable {name} is not set")
        return self._env[name]

    async def _from_file(self, path: str) -> str:
        try:
            found = await self._directory.read(path)
        except SourceError as error:
            raise SourceError(f"the file {path} {error}") from None
        if found is None:
            raise SourceError(f"there is no file {path}")
        try:
            text = found.content.decode("utf-8")
        except UnicodeDecodeError:
            raise SourceError(f"the file {path} is not UTF-8 text") from None
        secret = text.removesuffix("\n").removesuffix("\r")
        if not secret:
            raise SourceError(f"the file {path} is empty")
        return secret
