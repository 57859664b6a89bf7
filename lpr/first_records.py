"""The policies that an installation starts with: reasons, offenses with their limitation, timeframes (QRY-1 to QRY-4).

They are records from then on: the operator changes them in the back office, with history. What is there is never overwritten.
"""

from datetime import datetime

from django.db import transaction

from accounts.models import Component
from audit.models import RetentionPolicy, ReviewPolicy
from lpr import case_references
from lpr.models import Offense, ReasonCode, ReportFooter, TimeframeLimit

ERO, HSI = Component.ERO, Component.HSI
BOTH = [ERO, HSI]

# code, label, whether criminal, components
REASONS: tuple[tuple[str, str, bool, list[Component]], ...] = (
    ("CRIM", "Criminal investigation", True, BOTH),
    ("DRUG", "Drug smuggling investigation", True, [HSI]),
    ("TRAF", "Human smuggling or trafficking investigation", True, [HSI]),
    ("CHLD", "Child exploitation investigation", True, [HSI]),
    ("FINC", "Financial crime investigation", True, [HSI]),
    ("WEAP", "Weapons or export control investigation", True, [HSI]),
    ("TERR", "Terrorism investigation", True, [HSI]),
    ("FRAU", "Identity or benefit fraud investigation", True, [HSI]),
    ("ADMN", "Administrative immigration enforcement", False, [ERO]),
    ("FUGI", "Fugitive with a final order of removal", False, [ERO]),
    ("ATLC", "Criminal alien at large", False, [ERO]),
    ("COMP", "Compliance enforcement", False, [HSI]),
    ("WORK", "Worksite enforcement", False, [HSI]),
    ("MISS", "Missing or endangered person", False, BOTH),
    ("SAFE", "Threat to an officer or to the public", False, BOTH),
)

GENERAL = "18 U.S.C. 3282(a)"
# code, title, citation, years of limitation (None: none), citation of the limitation
OFFENSES: tuple[tuple[str, str, str, int | None, str], ...] = (
    ("8USC1324", "Bringing in, transporting and harboring aliens", "8 U.S.C. 1324(a)", 10, "18 U.S.C. 3298"),
    ("8USC1326", "Reentry of removed aliens", "8 U.S.C. 1326", 5, GENERAL),
    ("18USC545", "Smuggling goods into the United States", "18 U.S.C. 545", 5, GENERAL),
    ("18USC554", "Smuggling goods from the United States", "18 U.S.C. 554", 5, GENERAL),
    ("18USC1028", "Fraud with identification documents", "18 U.S.C. 1028", 5, GENERAL),
    ("18USC1111", "Murder punishable by death", "18 U.S.C. 1111", None, "18 U.S.C. 3281"),
    ("18USC1344", "Bank fraud", "18 U.S.C. 1344", 10, "18 U.S.C. 3293"),
    ("18USC1425", "Unlawful procurement of citizenship or naturalization", "18 U.S.C. 1425", 10, "18 U.S.C. 3291"),
    ("18USC1542", "False statement in a passport application", "18 U.S.C. 1542", 10, "18 U.S.C. 3291"),
    ("18USC1546", "Fraud and misuse of visas and permits", "18 U.S.C. 1546", 5, GENERAL),
    ("18USC1589", "Forced labor", "18 U.S.C. 1589", 10, "18 U.S.C. 3298"),
    ("18USC1591", "Sex trafficking of children or by force, fraud or coercion", "18 U.S.C. 1591", None, "18 U.S.C. 3299"),
    ("18USC1956", "Laundering of monetary instruments", "18 U.S.C. 1956", 5, GENERAL),
    ("18USC1962", "Racketeer influenced and corrupt organizations", "18 U.S.C. 1962", 5, GENERAL),
    ("18USC2251", "Sexual exploitation of children", "18 U.S.C. 2251", None, "18 U.S.C. 3299"),
    ("18USC2252A", "Child pornography", "18 U.S.C. 2252A", None, "18 U.S.C. 3299"),
    ("18USC2320", "Trafficking in counterfeit goods", "18 U.S.C. 2320", 5, GENERAL),
    ("18USC2339B", "Material support to foreign terrorist organizations", "18 U.S.C. 2339B", 8, "18 U.S.C. 3286(a)"),
    ("18USC922", "Unlawful acts with firearms", "18 U.S.C. 922", 5, GENERAL),
    ("21USC841", "Manufacture and distribution of controlled substances", "21 U.S.C. 841", 5, GENERAL),
    ("21USC952", "Importation of controlled substances", "21 U.S.C. 952", 5, GENERAL),
    ("22USC2778", "Export of defense articles without a license", "22 U.S.C. 2778", 5, GENERAL),
    ("31USC5324", "Structuring transactions to evade reporting", "31 U.S.C. 5324", 5, GENERAL),
    ("31USC5332", "Bulk cash smuggling", "31 U.S.C. 5332", 5, GENERAL),
)

# Which offenses go with a criminal reason; the general one goes with each.
OFFENSES_OF: dict[str, tuple[str, ...]] = {
    "CRIM": tuple(code for code, *_ in OFFENSES),
    "DRUG": ("21USC841", "21USC952", "18USC545", "18USC1956", "18USC1962", "31USC5332"),
    "TRAF": ("8USC1324", "18USC1589", "18USC1591", "18USC1546", "18USC1956", "18USC1962"),
    "CHLD": ("18USC1591", "18USC2251", "18USC2252A"),
    "FINC": ("18USC1344", "18USC1956", "18USC1962", "18USC2320", "31USC5324", "31USC5332"),
    "WEAP": ("18USC922", "22USC2778", "18USC545", "18USC554"),
    "TERR": ("18USC2339B", "18USC1111", "18USC922", "18USC1956", "22USC2778"),
    "FRAU": ("18USC1028", "18USC1344", "18USC1425", "18USC1542", "18USC1546"),
}

# component, years back at most, whether a criminal query goes by its offense, pattern of its case numbers, an example of one
LIMITS: tuple[tuple[Component, int, bool, str, str], ...] = (
    (ERO, 5, False, r"A[ -]?\d{2,3}[ -]?\d{3}[ -]?\d{3}", "A012 345 678"),
    (HSI, 5, True, "", ""),
)

# component, system-of-records notice, records schedule
FOOTERS: tuple[tuple[Component, str, str], ...] = (
    (ERO, "DHS/ICE-011 Criminal Arrest Records and Immigration Enforcement Records (CARIER), 81 FR 72080, October 19, 2016",
     "Destroy three years after the end of the calendar year in which this copy was made; longer where a business need such as "
     "an ongoing investigation or pending litigation is documented."),
    (HSI, "DHS/ICE-009 External Investigations, 75 FR 404, January 5, 2010",
     "Keep in the investigative case file: 10 years on site, then Federal Records Center; destroy when 20 years old; longer "
     "where a business need is documented or the records are permanent."),
)


@transaction.atomic
def install(*, now: datetime) -> None:
    """Add the policies that are missing and change none that is there; safe at every release."""
    for code, label, is_criminal, components in REASONS:
        ReasonCode.objects.get_or_create(
            code=code, defaults={"label": label, "is_criminal": is_criminal, "components": components,
                                 "offenses": list(OFFENSES_OF.get(code, ()))})
    for code, title, citation, years, limitation in OFFENSES:
        Offense.objects.get_or_create(
            code=code, defaults={"title": title, "citation": citation, "limitation_years": years,
                                 "limitation_citation": limitation})
    for component, years, by_offense, pattern, example in LIMITS:
        TimeframeLimit.objects.get_or_create(
            component=component, defaults={"max_years": years, "by_offense": by_offense, "case_number_pattern": pattern,
                                           "case_number_example": example})
    for component, notice, schedule in FOOTERS:
        ReportFooter.objects.get_or_create(
            component=component, defaults={"system_of_records": notice, "records_schedule": schedule})
    # What reviews take for filler is what queries are refused for, where there is nothing else (BEY-5).
    ReviewPolicy.objects.get_or_create(pk=1, defaults={
        "filler_words": sorted(case_references.FILLER), "label_words": sorted(case_references.LABELS)})
    RetentionPolicy.objects.get_or_create(pk=1)
