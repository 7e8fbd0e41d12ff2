"""What can go wrong at the certificate authority.

AuthorityError
├── CertificateProfileError     a signing request is refused
├── IssuerError                 an issuer does not sign this
├── ProfileViolationError       what is about to be signed, or was signed, does not fit the profile
├── KeyLockedError              a key file does not open
├── TokenError                  the token that holds a key does not do what is asked (in `tokens`)
├── FolderError                 the folder holds no authority, or one that is not whole
├── RotationError               a step of a rotation is not possible now (in `steps`)
└── CrlError                    a revocation list cannot be made or replaced

Each carries data; `text("nl")` and `text("en")` make the sentence for people.
"""

from __future__ import annotations

from enum import Enum


class Problem(Enum):
    """A reason, in Dutch and English."""

    def text(self, language: str) -> str:
        """Give the sentence in `nl` or `en`."""
        sentences: tuple[str, str] = self.value
        return sentences[0 if language == "nl" else 1]


class ProfileProblem(Problem):
    """Why a request is not signed, in Dutch and English."""

    NO_REQUEST = (
        "dit is geen certificaataanvraag (CSR, PEM)",
        "this is no certificate signing request (CSR, PEM)",
    )
    KEY_NOT_PROVEN = (
        "de aanvraag is niet ondertekend met de eigen sleutel",
        "the request is not signed with its own key",
    )
    KEY_TYPE = (
        "de sleutel moet ECDSA P-256 zijn",
        "the key must be ECDSA P-256",
    )
    KEY_BLOCKED = (
        "voor deze sleutel wordt geen certificaat meer gegeven; maak een nieuwe sleutel",
        "no certificate is given for this key any more; make a new key",
    )
    SYSTEM_ID = (
        "een systeem-id bestaat uit kleine letters, cijfers en koppeltekens (hooguit 63)",
        "a system id has lower case letters, digits and hyphens (63 at most)",
    )
    LIFETIME = (
        (
            "het certificaat zou langer gelden dan dat van de uitgever; laat eerst een nieuwe "
            "uitgever ingaan (oso-registry ca prepare, daarna ca activate)"
        ),
        (
            "the certificate would outlive the one of its issuer; activate a new issuer first "
            "(oso-registry ca prepare, then ca activate)"
        ),
    )
    TOO_LONG = (
        "het certificaat zou langer gelden dan deze autoriteit toestaat, of helemaal niet",
        "the certificate would be valid longer than this authority allows, or not at all",
    )
    SERIAL = (
        "een serienummer is een positief getal van hooguit 20 bytes, waarvan 8 willekeurig",
        "a serial number is a positive number of at most 20 bytes, with at least 8 random ones",
    )


class Violation(Problem):
    """What in a certificate does not fit the profile of a leaf, in Dutch and English."""

    UNREADABLE = ("is niet te lezen", "cannot be read")
    VERSION = ("versie of handtekeningalgoritme", "version or signature algorithm")
    ISSUER = ("uitgever", "issuer")
    SERIAL = ("serienummer", "serial number")
    SUBJECT = ("namen", "names")
    KEY = ("sleutel", "key")
    VALIDITY = ("geldigheidsduur", "time of validity")
    EXTENSIONS = ("uitbreidingen", "extensions")
    SIGNATURE = ("handtekening of keten", "signature or chain")


class AuthorityError(Exception):
    """Base of errors of the certificate authority."""

    text_nl = "de certificaatautoriteit kan dit niet"
    text_en = "the certificate authority cannot do this"

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        return (self.text_nl if language == "nl" else self.text_en).format_map(vars(self))

    def __str__(self) -> str:
        """Give the English text."""
        return self.text("en")


class CertificateProfileError(AuthorityError):
    """A signing request that does not fit the profile.

    Attributes:
        problem: What is wrong.

    """

    def __init__(self, problem: ProfileProblem) -> None:
        """Record what is wrong."""
        super().__init__(problem)
        self.problem = problem

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        return self.problem.text(language)


class ProfileViolationError(AuthorityError):
    """A certificate that does not fit the profile is not signed, or not given out.

    It never comes from a request, only from a record that was changed or a mistake of ours.

    Attributes:
        violations: All that does not fit.

    """

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        """Record what does not fit."""
        super().__init__(violations)
        self.violations = violations

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        found = ", ".join(one.text(language) for one in self.violations)
        if language == "nl":
            return f"het certificaat past niet bij het profiel en wordt niet uitgegeven: {found}"
        return f"the certificate does not fit the profile and is not given out: {found}"


class KeyProblem(Problem):
    """Why a key file does not open, in Dutch and English."""

    PASSPHRASE_WRONG = (
        "het wachtwoord is niet juist, of het bestand is beschadigd",
        "the passphrase is wrong, or the file is damaged",
    )
    PASSPHRASE_MISSING = (
        "de sleutel is versleuteld; geef het bestand met het wachtwoord, of zet het in de omgeving",
        "the key is encrypted; name the file with its passphrase, or put it in the environment",
    )
    NOT_ENCRYPTED = (
        "de sleutel van een autoriteit moet versleuteld zijn (alleen voor demo's: --demo)",
        "an authority's key must be encrypted (for demos only: --demo)",
    )
    PASSPHRASE_SHORT = (
        "een wachtwoord heeft minstens 12 tekens",
        "a passphrase has at least 12 characters",
    )
    KEY_TYPE = (
        "dit is geen ECDSA P-256-sleutel",
        "this is no ECDSA P-256 key",
    )
    OTHER_KEY = (
        "de sleutel hoort niet bij het certificaat",
        "the key does not belong to the certificate",
    )
    NO_TOKEN = (
        "de sleutel staat in een PKCS#11-token; noem de module en geef de pincode",
        "the key is in a PKCS#11 token; name the module and give the PIN",
    )


class KeyLockedError(AuthorityError):
    """A key of the authority does not open.

    Attributes:
        name: The file, or the place in the token.
        problem: Why.

    """

    def __init__(self, name: str, problem: KeyProblem) -> None:
        """Record which and why."""
        super().__init__(name, problem)
        self.name = name
        self.problem = problem

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        return f"{self.name}: {self.problem.text(language)}"


class FolderProblem(Problem):
    """Why a folder is no authority, in Dutch and English."""

    ABSENT = (
        "hier is geen autoriteit; maak er een met: oso-registry ca init",
        "there is no authority here; make one with: oso-registry ca init",
    )
    HALF = (
        (
            "hier staan resten van een autoriteit, maar authority.json ontbreekt; zet de "
            "back-up terug, of begin in een lege map als er nog niets is uitgegeven"
        ),
        (
            "parts of an authority are here, but authority.json is missing; restore the backup, or "
            "begin in an empty folder if nothing was given out yet"
        ),
    )
    STATE = (
        "authority.json is niet te lezen of klopt niet",
        "authority.json cannot be read, or contradicts itself",
    )
    CERTIFICATE_MISSING = (
        "een certificaat dat in authority.json staat ontbreekt; zet de back-up terug",
        "a certificate named in authority.json is missing; restore the backup",
    )
    CERTIFICATE_CHANGED = (
        (
            "een certificaat is niet dat wat in authority.json staat; zet de back-up terug "
            "en zoek uit wie het verving"
        ),
        (
            "a certificate is not the one authority.json names; restore the backup and find out "
            "who replaced it"
        ),
    )
    CHAIN = (
        "het certificaat van de uitgever is niet door zijn root ondertekend",
        "the issuer's certificate is not signed by its root",
    )


class FolderError(AuthorityError):
    """A folder that holds no authority, or one that is not whole; nothing is signed with it.

    Attributes:
        path: The folder or the file.
        problem: Why.

    """

    def __init__(self, path: object, problem: FolderProblem) -> None:
        """Record which and why."""
        super().__init__(path, problem)
        self.path = path
        self.problem = problem

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        return f"{self.path}: {self.problem.text(language)}"


class IssuerProblem(Problem):
    """Why an issuer does not sign, in Dutch and English."""

    UNKNOWN = (
        "deze uitgever hoort niet bij deze autoriteit",
        "this issuer does not belong to this authority",
    )
    NOT_ACTIVE = (
        "deze uitgever ondertekent geen nieuwe certificaten meer, of nog niet",
        "this issuer signs no new certificates any more, or not yet",
    )
    NO_KEY = (
        "de sleutel van deze uitgever is niet geopend",
        "the key of this issuer was not opened",
    )


class IssuerError(AuthorityError):
    """An issuer does not sign this.

    Attributes:
        name: The issuer.
        problem: Why.

    """

    def __init__(self, name: str, problem: IssuerProblem) -> None:
        """Record which and why."""
        super().__init__(name, problem)
        self.name = name
        self.problem = problem

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        return f"{self.name}: {self.problem.text(language)}"


class CrlProblem(Problem):
    """Why a revocation list is not made, or does not replace another, in Dutch and English."""

    NOT_SIGNING = (
        "geeft geen intrekkingslijst meer, of nog niet",
        "gives no revocation list any more, or not yet",
    )
    NUMBER = (
        "het nummer van een intrekkingslijst is 1 of hoger, van hooguit 20 bytes",
        "the number of a revocation list is 1 or higher, and has at most 20 bytes",
    )
    LIFETIME = (
        "een intrekkingslijst geldt meer dan een seconde en hooguit 400 dagen",
        "a revocation list is valid for more than a second and 400 days at most",
    )
    ENTRY = (
        "een serienummer kan er geen zijn van een certificaat, of is in de toekomst ingetrokken",
        "a serial number cannot be one of a certificate, or was revoked in the future",
    )
    TWICE = (
        "een serienummer staat er tweemaal in",
        "a serial number is in it twice",
    )
    SIGNATURE = (
        "wat is ondertekend is niet wat moest worden ondertekend; de lijst wordt niet uitgegeven",
        "what was signed is not what was to be signed; the list is not given out",
    )
    NUMBER_NOT_HIGHER = (
        "er is al een intrekkingslijst met dit nummer of een hoger; die blijft",
        "there is a revocation list of this number or a higher one already; it stays",
    )
    OTHER_LIST = (
        "wat er staat is geen intrekkingslijst van deze uitgever; zoek uit wie het verving",
        "what is there is no revocation list of this issuer; find out who replaced it",
    )


class CrlError(AuthorityError):
    """A revocation list cannot be made or replaced.

    Attributes:
        name: Whose list: the issuer or root, or the file.
        problem: Why.

    """

    def __init__(self, name: str, problem: CrlProblem) -> None:
        """Record which and why."""
        super().__init__(name, problem)
        self.name = name
        self.problem = problem

    def text(self, language: str = "nl") -> str:
        """Give the sentence for people in `nl` or `en`."""
        return f"{self.name}: {self.problem.text(language)}"
