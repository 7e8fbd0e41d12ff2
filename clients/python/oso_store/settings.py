"""Settings from a TOML file, with the environment above it."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import ValidationError
from pydantic_settings import BaseSettings

if TYPE_CHECKING:
    from collections.abc import Mapping


class SettingsError(Exception):
    """Settings that cannot be used.

    Attributes:
        path: The file.
        problems: One line each: which setting, what is wrong.

    """

    def __init__(self, path: Path, problems: list[str]) -> None:
        """Record the file and the problems."""
        super().__init__(path, problems)
        self.path = path
        self.problems = problems

    def __str__(self) -> str:
        """List the problems."""
        return "\n".join([f"{self.path} cannot be used:", *(f"  {one}" for one in self.problems)])


class FileSettings(BaseSettings):
    """Base of a system's settings."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read a TOML file. Paths in it are relative to its folder; the environment wins over it.

        Raises:
            SettingsError: The file cannot be read, or a setting is missing, unknown or wrong.

        """
        try:
            values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(path, [str(error)]) from None
        prefix = cls.model_config.get("env_prefix", "")
        named = {
            key: value for key, value in values.items() if prefix + key.upper() not in os.environ
        }
        try:
            settings = cls(**named)
        except ValidationError as error:
            problems = [
                f"{'.'.join(str(step) for step in one['loc'])}: {one['msg']}"
                for one in error.errors(include_input=False, include_url=False)
            ]
            raise SettingsError(path, problems) from None
        for name, value in settings:
            if isinstance(value, Path):
                setattr(settings, name, path.parent / value.expanduser())
        return settings


def add_missing(path: Path, values: Mapping[str, str]) -> list[str]:
    """Add settings that a TOML file does not have; give their names. The rest stays as it is.

    Readers see the file as it was or as it will be, and its mode stays.

    Raises:
        SettingsError: The file is no TOML.
        OSError: It cannot be read or written.

    """
    text = path.read_text(encoding="utf-8")
    try:
        known = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(path, [str(error)]) from None
    missing = [name for name in values if name not in known]
    if not missing:
        return []
    # Above what is there, for that may end in a table. TOML's strings are written as JSON's.
    added = "".join(f"{name} = {json.dumps(values[name])}\n" for name in missing)
    scratch = path.with_name(f".{path.name}.new")
    scratch.unlink(missing_ok=True)
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="utf-8") as file:  # noqa: PTH123  opened with its mode
            file.write(added + text)
            file.flush()
            os.fsync(descriptor)
            os.fchmod(descriptor, path.stat().st_mode & 0o777)
        scratch.replace(path)
    finally:
        scratch.unlink(missing_ok=True)
    return missing
