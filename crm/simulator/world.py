"""The simulated world: its pipelines, people and fields, and what they do to a lead's chances.

All numbers are frozen under `SIMULATOR_VERSION`: figures measured on simulated leads are compared
over time. Effects are added on the logarithm of the rate at which a lead moves on.
"""

import numpy as np

from leads.pipelines import Pipeline, Pipelines

SIMULATOR_VERSION = 1

B2B, B2C = 0, 1
PIPELINES = Pipelines(
    (
        Pipeline(
            name="b2b",
            stages=("New", "Qualified", "Discovery", "Proposal", "Negotiation"),
            won=("Won",),
            lost=("Lost", "Disqualified"),
            after=("Onboarding",),
            window_days=180,
        ),
        Pipeline(
            name="b2c",
            stages=("New", "Contacted", "Offer"),
            won=("Won",),
            lost=("Lost",),
            window_days=90,
        ),
    )
)
LAST_STAGE = np.array([len(p.stages) - 1 for p in PIPELINES.pipelines])
WINDOW_DAYS = np.array([p.window_days for p in PIPELINES.pipelines])
B2C_SHARE = 0.4

# Fields known at creation: value, share of leads in b2b and in b2c, effect.
SOURCES = (
    ("referral", 0.12, 0.10, 0.75),
    ("partner", 0.13, 0.02, 0.45),
    ("webinar", 0.12, 0.04, 0.15),
    ("website", 0.20, 0.38, 0.05),
    ("fair", 0.13, 0.06, -0.15),
    ("newsletter", 0.07, 0.14, -0.25),
    ("ads", 0.11, 0.24, -0.45),
    ("cold list", 0.12, 0.02, -0.85),
)
COUNTRIES = (
    ("SE", 0.30, 0.34, 0.15),
    ("NO", 0.12, 0.14, 0.10),
    ("FI", 0.10, 0.12, 0.0),
    ("DE", 0.20, 0.18, 0.0),
    ("GB", 0.10, 0.12, -0.15),
    ("CN", 0.10, 0.05, -0.05),
    ("US", 0.08, 0.05, -0.35),
)
ROLES = (
    ("owner", 0.18, 0.0, 0.35),
    ("director", 0.22, 0.0, 0.20),
    ("manager", 0.32, 0.0, 0.0),
    ("specialist", 0.20, 0.0, -0.30),
    ("student", 0.08, 0.0, -0.70),
    ("", 0.0, 1.0, 0.0),
)
# Only leads that came through advertising or events carry a campaign.
CAMPAIGNS = (("spring", 0.15), ("summer", -0.05), ("autumn", 0.05), ("brand", -0.20))
CAMPAIGN_SOURCES = ("webinar", "fair", "newsletter", "ads")

# Owners: effect of their skill in b2b and in b2c, and how often they reach out.
OWNERS = (
    ("Åsa Lindqvist", 0.45, 0.15, 1.3),
    ("Björn Håkansson", 0.05, 0.10, 1.0),
    ("Siobhán O'Neill", 0.30, 0.30, 1.1),
    ("王芳", 0.25, -0.20, 1.2),
    ("Jonas Weber", -0.10, 0.35, 0.9),
    ("Emma Virtanen", 0.0, 0.0, 1.0),
    ("Priya Nair", 0.15, 0.05, 1.1),
    ("Karl Ek", -0.45, -0.25, 0.7),
    ("陳志明", -0.20, -0.05, 0.9),
    ("Tom Baker", -0.30, -0.40, 0.8),
)
OWNER_SKILL = np.array([[owner[1] for owner in OWNERS], [owner[2] for owner in OWNERS]])
OWNER_DILIGENCE = np.array([owner[3] for owner in OWNERS])

# Amounts are lognormal; a large one is harder to win, least so when the lead was referred.
AMOUNT_MEDIAN = np.array([14_000.0, 900.0])
AMOUNT_SPREAD = np.array([0.9, 0.6])
AMOUNT_EFFECT = np.array([-0.30, -0.20])
AMOUNT_EFFECT_REFERRED = np.array([-0.05, 0.0])
COMPANY_SIZE_MEDIAN, COMPANY_SIZE_SPREAD = 45.0, 1.3
COMPANY_SIZE_EFFECT = -0.12
COMPANY_SIZE_MISSING = 0.15
# Days from creation to the first expected close date: shortest, and the range above it.
EXPECTED_CLOSE_DAYS = np.array([[45, 75], [14, 28]])

LOST_REASONS = ("no budget", "went silent", "competitor", "no need", "price", "bad timing")
PRODUCTS = ("platform", "support plan", "pilot", "renewal", "training", "integration")
