"""Opening one configuration: its writers, keys and policy, and the gateway made of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from functools import partial

from eventgate.assembly import Assembly
from eventgate.config.configuration import Configuration
from eventgate.config.loader import PolicyLoader, load_configuration
from eventgate.config.receipt_keys import receipts_of
from eventgate.core.admission import Admission
from eventgate.core.auth.keyring import KeyRing
from eventgate.core.cors import Cors
from eventgate.core.deferral import DeferringDelivery
from eventgate.core.delivery import Delivery
from eventgate.core.gateway import Gateway
from eventgate.core.health import Dependency, Health
from eventgate.core.instruments import Instruments, Tracing
from eventgate.core.judging import Aside
from eventgate.core.pages import Pages
from eventgate.core.posting import Posting
from eventgate.core.reading import Reading
from eventgate.core.writer import Writer
from eventgate.spooling import open_spooling
from eventgate.writers.opening import open_all

_KEYS_DEPEND_ON = ("token_public_keys_url", "auth", "ssl_ca_bundle")


async def open_assembly(
    stack: AsyncExitStack,
    conf: str,
    env: Mapping[str, str],
    *,
    default_sqlite: bool,
    ready: Callable[[], str | None],
    terminate: Callable[[], None],
    instruments: Instruments,
    tracing: Tracing | None,
    keys_seconds: float,
    background: bool,
    former: Assembly | None = None,
) -> Assembly:
    """Open the configuration at `conf`; closing `stack` closes it. Raises `ConfigurationError` with all findings.

    The first keys are waited for at most `keys_seconds`. `background`: the spool is drained by itself. `former` is the
    assembly that this one is to replace.
    """
    configuration = await load_configuration(conf, env, default_sqlite=default_sqlite)
    settings = configuration.settings
    keyring = _keyring(configuration, former)
    keyring.begin()  # the keys' way here takes as long as all the rest, so they travel meanwhile
    try:
        loader = PolicyLoader(configuration)
        policy, findings = await loader.load(None)
        assembly = Assembly(configuration, loader, policy, keyring)
        assembly.tell((*configuration.findings, *findings))
        writers = configuration.build_writers()
        await open_all(writers, stack)
        await keyring.join(keys_seconds)
    except BaseException:
        if former is None or keyring is not former.keyring:
            await keyring.close()
        raise
    assembly.spooling = spooling = open_spooling(configuration, stack)
    delivery = Delivery(writers) if spooling.spool is None else DeferringDelivery(writers, spooling.spool)
    stack.push_async_callback(delivery.close)
    stack.push_async_callback(spooling.stop)
    aside = _aside(stack) if background else None
    origins = tuple(settings.cors.origins)
    admission = Admission(settings.limits, lambda: assembly.policy, keyring)
    reading = Reading(
        admission=admission,
        policy=lambda: assembly.policy,
        health=Health(_dependencies(assembly, writers), assembly.warnings),
        ready=lambda: ready() or ("no token key has been read yet" if keyring.age is None else None),
        token_url=settings.token_provider_url,
        api_document=configuration.api_document,
        pages=partial(_pages, assembly, admission),
        public=settings.catalogue.public,
    )
    assembly.gateway = Gateway(
        admission=admission,
        posting=Posting(settings.limits, admission, delivery, receipts_of(settings), spooling.keeping, aside),
        reading=reading,
        instruments=instruments,
        tracing=tracing,
        terminators=frozenset(settings.terminate.subjects),
        terminate=terminate,
        cors=Cors(origins) if origins else None,
    )
    spooling.attach(delivery, lambda: assembly.policy.topics, tuple(writer.name for writer in writers))
    if background:
        spooling.start()
    return assembly


def _aside(stack: AsyncExitStack) -> Aside:
    """Where events are judged that take long. On Lambda nobody else waits for his turn."""
    from eventgate.aside.judges import Judges

    judges = Judges()
    stack.push_async_callback(judges.close)
    return judges


def _pages(assembly: Assembly, admission: Admission) -> Pages:
    """The pages for people, imported now: a gate that shows none is spared their modules."""
    from eventgate.catalogue.pages import CataloguePages

    return CataloguePages(lambda: assembly.policy, admission.authenticate, assembly.configuration.settings)


def _keyring(configuration: Configuration, former: Assembly | None) -> KeyRing:
    """The former keys where their source and rules are the same: they must not be lost because it is down just now."""
    settings = configuration.settings
    if former is not None:
        before = former.configuration.settings
        same = all(getattr(before, name) == getattr(settings, name) for name in _KEYS_DEPEND_ON)
        if same and former.keyring.ready:
            return former.keyring
    return KeyRing(configuration.read_keys, settings.auth)


def _dependencies(assembly: Assembly, writers: list[Writer]) -> list[Dependency]:
    def required(name: str) -> bool:
        topics = assembly.policy.topics.values()
        return any(topic.uses[name].required for topic in topics if name in topic.uses)

    return [
        *(Dependency(writer.name, writer.probe, partial(required, writer.name)) for writer in writers),
        *assembly.spooling.dependencies(),
        Dependency("configuration", assembly.ask_configuration),
        Dependency("keys", assembly.ask_keys),
        Dependency("access", partial(assembly.ask_source, "access")),
        Dependency("topics", partial(assembly.ask_source, "topics")),
    ]
