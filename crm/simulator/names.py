"""Names of simulated people and companies, some of them hard for careless code."""


def _listed(text: str) -> tuple[str, ...]:
    return tuple(text.split())


FIRST_NAMES = _listed(
    """
    Anna Erik Maja Lars Ingrid Oskar Elsa Nils Freja Gustav Åke Märta Örjan Linnéa Sven
    Astrid Hanna Lukas Mia Felix Greta Paul Clara Max Aino Mikko Helmi Eero Sofie Magnus Liv
    Håkon Grace Oliver Amelia Harry Ruby Jack Olivia Noah Emily Ethan Zoë José Chloé André
    Fatima Omar Leila Yusuf Priya Arjun Ivana Tomasz Zofia Marek Søren Jürgen Björk Siobhán
    """
)
LAST_NAMES = _listed(
    """
    Lindqvist Andersson Håkansson Öberg Nyström Sjöberg Ek Bergström Åkerlund Wallin Dahl
    Hansen Johansen Berg Solberg Virtanen Korhonen Nieminen Mäkinen Weber Schmidt Müller
    Fischer Schäfer Koch Braun Krüger Taylor Baker Walker Hughes Murphy O'Neill O'Brien
    D'Angelo Clarke Morgan Reed Parker Cooper García Núñez Rossi Costa Novák Kowalski Nowak
    Horvat Nair Mehta Haddad Yılmaz Okafor Mensah Petrov Ivanova Jensen Møller Kjær
    Svensson-Ågren
    """
)
CHINESE_NAMES = _listed(
    """
    王伟 李娜 张敏 刘洋 陈静 杨磊 赵强 黄丽 周杰 吴婷 林志玲 蔡依 陳志明 許雅婷
    """
)
COMPANY_WORDS = _listed(
    """
    Nordvik Granit Solsken Älvdalen Polar Bifrost Hammar Kompass Fyrtorn Lindblom Västan
    Björkhagen Midgard Sörmland Kvarnen Aurora Tallin Brückner Rheinwerk Isar Hafen Falke
    Alder Bramble Kestrel Harbour Juniper Meridian Pinewood Quarry Thistle Wren Lumi Tuuli
    Koivu Fjell
    """
)
COMPANY_TRADES = _listed(
    """
    Logistik Bygg Energi Foods Software Textil Medical Marine Design Metall Papper
    Consulting
    """
)
COMPANY_FORMS = ("AB", "AS", "Oy", "GmbH", "Ltd", "Inc.")
# Taken whole: markup, quotes, a comma and an ampersand that must survive every file and page.
UNUSUAL_COMPANIES = (
    "华为云联科技有限公司",
    "台灣綠能股份有限公司",
    "Bold <b>Brave</b> & Sons",
    'The "Quoted" Company, Leeds',
    "L'Étoile d'Or",
    "=SUM Partners",
)
