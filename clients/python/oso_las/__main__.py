"""`python -m oso_las`: the command `oso`, also where its script is not on the path."""

from oso_las.cli import main

main()
