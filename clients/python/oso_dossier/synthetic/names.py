"""Names and places to draw from.

Common first names and surnames, combined by chance; towns exist, streets are made up.
"""

FIRST_NAMES = (
    ("Noor", 1), ("Sem", 2), ("Zoë", 1), ("Björn", 2), ("Fatima", 1), ("Daan", 2), ("Anouk", 1),
    ("Mehmet", 2), ("Lieke", 1), ("Renée", 1), ("Thijs", 2), ("Amira", 1), ("Joris", 2),
    ("Chloë", 1), ("Ravi", 2), ("Femke", 1), ("Jurre", 2), ("Esmée", 1), ("Tygo", 2), ("Ilse", 1),
)  # fmt: skip
PARENT_NAMES = (
    ("Marieke", 1), ("Johan", 2), ("Saskia", 1), ("Erdal", 2), ("Petra", 1), ("Ruben", 2),
    ("Yasmina", 1), ("Bart", 2), ("Inge", 1), ("Wouter", 2),
)  # fmt: skip
SURNAMES = (
    ("", "Voorbeeld"), ("van den", "Testberg"), ("de", "Proefman"), ("", "Verzonnen"),
    ("van", "Nergenshuizen"), ("", "Fictief"), ("ter", "Demonstratie"), ("", "Øvingsma"),
    ("van der", "Modelvaart"), ("'t", "Schijnbaar"),
)  # fmt: skip
STREETS = ("Oefenlaan", "Voorbeeldstraat", "Proefweg", "Testplein", "Demokade", "Verzonnenpad")
# (town, municipality, first two digits of the postal code)
TOWNS = (
    ("Amersfoort", "Amersfoort", "38"), ("Zwolle", "Zwolle", "80"), ("Breda", "Breda", "48"),
    ("Leeuwarden", "Leeuwarden", "89"), ("Venlo", "Venlo", "59"), ("Gouda", "Gouda", "28"),
)  # fmt: skip
SCHOOLS = ("De Regenboog", "Het Kompas", "De Wilgen", "Het Mozaïek", "De Driemaster")
TEACHERS = ("P. Voorbeeldmans", "A. Testers", "I. de Proef", "R. Verzonnen")
