"""`python -m oso_trafficcenter`: the command, also where its script is not on the path."""

from oso_trafficcenter.cli import main

main()
