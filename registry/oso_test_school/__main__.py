"""`python -m oso_test_school`: what `oso-registry test-school` hands over to."""

from oso_test_school.cli import main

main(prog_name="oso-registry test-school")
