"""`python -m leadscore`."""

from leadscore.main import main

main()
