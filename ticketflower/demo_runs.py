"""The demo's tickets: at least one of every ticket type of `examples/`, and what people and systems answer.

Names, numbers and addresses are made up. Where `outputs` hold no answer for a task, the ticket is left waiting there,
so that inboxes are not empty. What the world outside answers stands in `demo_outside`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Output = dict[str, Any]


@dataclass(frozen=True)
class Run:
    """One ticket: what it is opened with, and per task one output for each time that it opens."""

    ticket: str
    subject: str
    data: dict[str, Any]
    outputs: dict[str, list[Output]]


TRIP = {"destination": "Lyon", "departs_on": "2027-03-08", "purpose": "Trade fair, two days at our stand"}
TRIP_DONE: dict[str, list[Output]] = {
    "book": [{"booking_code": "LY-4711"}],
    "pay-advance": [{"advance": 400}],
    "register-trip": [{"insurance_number": "TI-204418"}],
    "report": [{"actual_cost": 871.4, "came_back_on": "2027-03-10"}],
}
ORDERED: dict[str, list[Output]] = {
    "place-order": [{"order_number": "PO-77120", "expected_on": "2027-02-19"}],
    "confirm-receipt": [{"received_on": "2027-02-18", "complete": True}],
}
STARTER = {
    "employee_name": "Amara Diallo",
    "private_email": "amara@example.net",
    "position": "Account manager",
    "department": "Sales",
    "first_day": "2027-04-01",
}
STARTER_DONE: dict[str, list[Output]] = {
    "confirm-data": [{"contract_signed_on": "2027-02-01", "weekly_hours": 38.5}],
    "create-account": [{"account_name": "amara.diallo", "company_email": "amara.diallo@example.com"}],
    "prepare-laptop": [{"laptop_tag": "LT-00417"}],
    "test-access": [{"access_tested_on": "2027-03-29"}],
    "set-up-payroll": [{"payroll_number": 20417}],
    "plan-first-week": [{"buddy": "Jonas Weber", "trainings": ["Safety", "Product"]}],
    "first-day": [{"welcomed_on": "2027-04-01"}],
}
CHANGE = {
    "title": "Move the shop to the new load balancer",
    "system": "Web shop",
    "purpose": "The old one gets no updates any more",
    "plan": "Switch the address, watch the error rate, switch off the old one",
    "rollback_plan": "Switch the address back",
    "window_start": "2027-02-06T22:00:00Z",
    "downtime_minutes": 5,
}
REWORKED = {
    "plan": "Switch ten percent, then half, then all of the traffic",
    "rollback_plan": "Switch the address back and restore the session store",
    "window_start": "2027-02-13T22:00:00Z",
    "rework_note": "Smaller steps",
}
INCIDENT = {
    "summary": "VPN drops every ten minutes",
    "details": "Since this morning the VPN disconnects with code 809",
    "service": "Network and VPN",
    "impact": "One team",
}
FIXED = {"resolved": True, "work_done": "Replaced the certificate", "resolution": "Please sign in again"}
CALL = {"call_reference": "C-88213", "language": "English", "safe_to_call_back": True}
CLAIM = {
    "order_number": "W-100482",
    "customer_name": "Petra Lindqvist",
    "customer_email": "petra@example.net",
    "reason": "Damaged",
    "message": "The lid was cracked when I opened the parcel",
}
REPLY = [{"reply": "Thank you for your patience; here is what we did for you."}]
CONTRACT = {"counterparty": "Northwind Analytics", "sign_by": "2027-05-31", "purpose": "Forecasts for the warehouses"}
VENDOR = {
    "vendor_name": "Fabrik Nord GmbH",
    "country": "DE",
    "tax_number": "DE811907980",
    "contact_email": "sales@fabrik-nord.example",
    "yearly_volume": 120000,
}
CANDIDATE = {"candidate_name": "Mikael Brandt", "candidate_email": "mikael@example.net", "position": "Treasurer"}
CONSENT = [{"consent_given": True, "consent_on": "2027-01-11"}]
BUG = {
    "summary": "The basket forgets its last article",
    "steps_to_reproduce": "Add three articles, sign in, open the basket: two are left",
    "severity": "Disturbs",
    "product_version": "8.2.1",
}

OFFICE = [
    Run(
        "leave-request",
        "Two weeks in July",
        {"first_day": "2027-07-12", "last_day": "2027-07-23", "working_days": 10, "stand_in": "Ines Okafor"},
        {
            "manager-approval": [{"decision": "Approved", "decision_note": "Enjoy it"}],
            "record-leave": [{"days_left": 14}],
        },
    ),
    Run(
        "leave-request",
        "Ill until Tuesday",
        {"leave_type": "Sick leave", "first_day": "2027-01-18", "last_day": "2027-01-19", "working_days": 2},
        {"record-leave": [{"days_left": 24, "certificate_expected": True}]},
    ),
    Run(
        "leave-request",
        "A long weekend",
        {"first_day": "2027-05-14", "last_day": "2027-05-14", "remarks": "Moving house"},
        {},
    ),
    Run(
        "travel-request",
        "Trade fair in Lyon",
        {**TRIP, "estimated_cost": 900},
        {"approve": [{"approval": "Approved"}], **TRIP_DONE},
    ),
    Run("travel-request", "Supplier in Graz", {**TRIP, "destination": "Graz", "estimated_cost": 1400}, {}),
    Run(
        "purchase-request",
        "Screens for the new team",
        {
            "item": "27 inch screens",
            "category": "Hardware",
            "quantity": 4,
            "estimated_amount": 1100,
            "cost_centre": "EN-2040",
            "justification": "The new team has no screens yet",
        },
        {
            "check-request": [{"supplier": "Kontor Technik", "net_amount": 1079.6, "currency": "EUR"}],
            "manager-approval": [{"manager_decision": "Approved"}],
            **ORDERED,
        },
    ),
    Run(
        "purchase-request",
        "Chairs for the meeting room",
        {
            "item": "Chairs",
            "category": "Furniture",
            "quantity": 8,
            "estimated_amount": 2400,
            "cost_centre": "OP-1100",
            "justification": "Four of the old ones are broken",
        },
        {"check-request": [{"supplier": "Sitzwerk", "net_amount": 2312, "currency": "EUR"}]},
    ),
    Run(
        "software-licence",
        "Design suite for 60 people",
        {"item": "Design suite, 60 seats", "quantity": 60, "estimated_amount": 12000, "justification": "Renewal"},
        {
            "check-request": [{"supplier": "Drawline", "net_amount": 10000, "currency": "USD"}],
            "manager-approval": [{"manager_decision": "Approved"}],
            "finance-approval": [{"finance_decision": "Rejected", "rejection_reason": "Next year"}],
        },
    ),
    Run(
        "expense-claim",
        "Batteries",
        {
            "expense_type": "Office supplies",
            "spent_on": "2027-01-14",
            "amount": 23.9,
            "explanation": "Batteries for the wireless keyboards",
        },
        {"audit": [{"audit_result": "Accept", "tax_rate": 19}], "pay": [{"paid_on": "2027-01-31"}]},
    ),
    Run(
        "meal-allowance",
        "Dinner with Northwind",
        {"spent_on": "2027-01-21", "amount": 184.5, "explanation": "Meal with Northwind"},
        {
            "approve": [{"approved": True, "cost_centre": "SA-1200"}] * 2,
            "audit": [{"audit_result": "Ask back", "audit_note": "Who was there?"}, {"audit_result": "Accept"}],
            "correct": [{"amount": 171.5, "explanation": "Meal with Northwind, four people"}],
            "pay": [{"paid_on": "2027-02-28"}],
        },
    ),
    Run(
        "new-employee",
        "Amara Diallo joins Sales",
        {**STARTER, "equipment": ["Headset", "Second screen"]},
        {**STARTER_DONE, "set-up-desk": [{"desk": "3.12-B"}]},
    ),
    Run(
        "new-employee",
        "Noor Haddad joins Engineering",
        {**STARTER, "employee_name": "Noor Haddad", "private_email": "noor@example.net", "department": "Engineering"},
        {"confirm-data": STARTER_DONE["confirm-data"]},
    ),
    Run(
        "new-contractor",
        "Kaito Mori helps until autumn",
        {**STARTER, "employee_name": "Kaito Mori", "private_email": "kaito@example.net"},
        {
            **STARTER_DONE,
            "create-account": [{"account_name": "kaito.mori", "company_email": "kaito.mori@example.com"}],
            "ship-laptop": [{"tracking_number": "JD0146001"}],
        },
    ),
    Run(
        "contract-review",
        "Forecasts by Northwind",
        {**CONTRACT, "contract_type": "Services", "contract_value": 120000},
        {
            "legal-intake": [
                {"personal_data": True, "access_to_systems": False},
                {"personal_data": False, "access_to_systems": False},
            ],
            "privacy-review": [{"privacy_opinion": "Needs a processing agreement"}],
            "finance-review": [{"finance_opinion": "Within the budget", "payment_days": 30}],
            "short-check": [{"deviations": "None"}],
            "sum-up": [
                {"result": "Renegotiate", "legal_summary": "Add the processing agreement"},
                {"result": "Sign", "legal_summary": "Everything was agreed"},
            ],
            "negotiate": [{"contract_value": 48000, "negotiation_result": "Only the pilot for now"}],
            "sign": [{"signed_on": "2027-05-20", "file_number": "C-2027-0193"}],
        },
    ),
    Run(
        "non-disclosure",
        "Talks with Northwind",
        {"counterparty": "Northwind Analytics", "sign_by": "2027-02-15"},
        {
            "legal-intake": [{"personal_data": True, "access_to_systems": True}],
            "privacy-review": [{"privacy_opinion": "No objection"}],
            "security-review": [{"security_opinion": "No certificate", "certificates": []}],
            "sum-up": [{"result": "Do not sign", "legal_summary": "Access without any certificate"}],
        },
    ),
    Run(
        "exit-interview",
        "Tom Reuter leaves Finance",
        {"employee_name": "Tom Reuter", "department": "Finance", "last_day": "2027-03-31"},
        {
            "interview": [{"main_reason": "Place of work", "would_return": True}],
            "handover": [{"successor": "Lea Sommer"}],
            "return-equipment": [{"returned": ["Laptop", "Key card"], "returned_on": "2027-03-30"}],
            "reference": [{"reference_sent_on": "2027-04-02"}],
        },
    ),
]
SERVICE = [
    Run(
        "refund-claim",
        "A cracked lid",
        {**CLAIM, "amount_claimed": 89.9},
        {
            "review-claim": [{"outcome": "Refund", "refund_amount": 89.9}],
            "pay-refund": [{"paid_on": "2027-01-20", "payment_reference": "RF-20391"}],
            "reply": REPLY,
        },
    ),
    Run(
        "refund-claim",
        "Charged twice",
        {**CLAIM, "order_number": "W-100517", "reason": "Charged twice", "amount_claimed": 312},
        {"review-claim": [{"outcome": "Refund", "refund_amount": 312}]},
    ),
    Run(
        "web-shop-refund",
        "A table that came broken",
        {**CLAIM, "amount_claimed": 640},
        {
            "review-claim": [
                {"outcome": "Ask the customer", "refund_amount": 0, "question": "May we see a photo?"},
                {"outcome": "Refund", "refund_amount": 640},
            ],
            "ask-customer": [{"customer_answer": "It is attached to my mail"}],
            "approve-refund": [{"refund_approved": False, "approval_note": "Offer a repair"}],
            "reply": REPLY,
        },
    ),
    Run(
        "it-incident",
        "VPN drops every ten minutes",
        INCIDENT,
        {
            "triage": [{"priority": "P3", "category": "Failure"}],
            "first-line": [FIXED],
            "second-line": [FIXED],
            "confirm": [{"confirmed": False, "feedback": "It broke again"}, {"confirmed": True}],
        },
    ),
    Run(
        "it-incident",
        "No mail on the phone",
        {"summary": "No mail on the phone", "details": "Since the update", "service": "E-mail", "urgency": "Low"},
        {"triage": [{"priority": "P4", "category": "Question"}]},
    ),
    Run(
        "site-outage",
        "Graz is offline",
        {"summary": "Graz is offline", "details": "No connection at all since 9:30", "callback_phone": "+43 316 555"},
        {
            "triage": [{"priority": "P1", "category": "Failure"}],
            "major-incident": [{"restored_at": "2027-01-12T10:40:00Z", "resolution": "The line is up again"}],
            "review": [
                {
                    "root_cause": "A digger cut the fibre",
                    "measures": [{"what": "Second line by another way", "until": "2027-06-30"}],
                }
            ],
            "confirm": [{"confirmed": True, "satisfaction": 4}],
        },
    ),
    Run(
        "change-request",
        "New load balancer",
        CHANGE,
        {
            "classify": [{"change_class": "Normal"}] * 3,
            "technical-review": [{"technical_risk": "Low", "tested_on": "Staging"}] * 3,
            "security-review": [{"security_risk": "Medium", "affected_data": ["Customer data"]}] * 3,
            "decide": [
                {"change_decision": "Rework", "decision_note": "Smaller steps"},
                {"change_decision": "Approve"},
                {"change_decision": "Approve"},
            ],
            "rework": [REWORKED, {**REWORKED, "rework_note": "Longer window"}],
            "implement": [
                {"rolled_back": True, "actual_downtime_minutes": 40, "rollback_note": "Sessions were lost"},
                {"rolled_back": False, "actual_downtime_minutes": 0},
            ],
            "verify": [{"works_as_intended": True}],
        },
    ),
    Run(
        "change-request",
        "Certificates of the identity server",
        {**CHANGE, "title": "Renew the certificates", "system": "Identity", "downtime_minutes": 0},
        {"classify": [{"change_class": "Normal"}]},
    ),
    Run(
        "call-intake",
        "Threats by a former partner",
        {**CALL, "reason": "Threats"},
        {
            "assess-risk": [{"assessed_by_phone": True, "risk_score": 14, "risk_factors": ["Stalking"]}],
            "counselling": [
                {"another_call": True, "next_call_at": "2027-01-13T09:00:00Z"},
                {"another_call": False, "safety_plan": "Neighbour has a key"},
            ],
            "follow-up-call": [{"call_result": "Spoke with the caller"}],
        },
    ),
    Run(
        "call-intake",
        "Where to find legal advice",
        {**CALL, "call_reference": "C-88214", "reason": "Information"},
        {
            "assess-risk": [{"assessed_by_phone": True, "risk_score": 7}],
            "give-information": [{"services_named": ["Legal advice", "Own website"]}],
        },
    ),
    Run(
        "new-vendor",
        "Fabrik Nord",
        VENDOR,
        {
            "compliance-review": [{"compliance_decision": "Accept", "compliance_note": "Only the same name"}],
            "tell-requester": [{"told_on": "2027-01-15"}],
        },
    ),
    Run("new-vendor", "Papier Süd", {**VENDOR, "vendor_name": "Papier Süd AG", "tax_number": "DE129273398"}, {}),
    Run(
        "background-check",
        "Treasurer",
        CANDIDATE,
        {
            "record-consent": CONSENT,
            "release-offer": [{"offer_sent_on": "2027-01-22"}],
        },
    ),
    Run(
        "executive-check",
        "Chief financial officer",
        {**CANDIDATE, "candidate_name": "Sara Lund", "position": "Chief financial officer"},
        {
            "record-consent": CONSENT,
            "hr-review": [{"cleared": False, "decision_reason": "The degree was made up"}],
            "decline": [{"declined_on": "2027-01-29"}],
        },
    ),
    Run(
        "bug-report",
        "The basket forgets its last article",
        {**BUG, "product": "Web shop"},
        {"create-issue": [{"issue_key": "BUG-2291"}]},
    ),
    Run(
        "bug-report",
        "The library loops",
        {**BUG, "product": "Public library", "severity": "Blocks work"},
        {
            "create-issue": [{"issue_key": "BUG-2292"}],
            "create-public-issue": [{"public_issue": "https://code.example.com/acme/library/issues/318"}],
        },
    ),
]
RUNS = [*OFFICE, *SERVICE]
