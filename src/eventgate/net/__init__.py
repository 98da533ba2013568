"""What every way out of the gate goes by: certificates, and which hosts are this machine. Standard library only."""
