"""Settings from a TOML file, with the environment above it."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError
from pydantic_settings import BaseSettings


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
