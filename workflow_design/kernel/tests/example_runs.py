"""Made-up but likely tickets for every file of `examples/`: what they start with, what people answer, the way taken."""

from __future__ import annotations

from typing import Any, NamedTuple


class Run(NamedTuple):
    """One ticket from submission to its end.

    `data` holds the ticket's fields, its constants too; `outputs` per task one output for each time that it opens (or
    how else it ends); `path` the tasks in the order they open.
    """

    ticket: str
    data: dict[str, Any]
    outputs: dict[str, list[dict[str, Any]]]
    path: list[str]


TIMEOUT = {"_event": "timeout"}
ERROR = {"_event": "error"}


LEAVE = {
    "leave_type": "Holiday",
    "first_day": "2027-07-12",
    "last_day": "2027-07-23",
    "working_days": 10,
    "stand_in": "Ines Okafor",
}
TRIP = {
    "destination": "Lyon",
    "departs_on": "2027-03-08",
    "purpose": "Trade fair, two days at our stand",
    "estimated_cost": 900,
    "transport": "Train",
}
TRIP_WORK: dict[str, list[dict[str, Any]]] = {
    "book": [{"booking_code": "LY-4711"}],
    "pay-advance": [{"advance": 400}],
    "register-trip": [{"insurance_number": "TI-204418"}],
    "report": [{"actual_cost": 871.4, "came_back_on": "2027-03-10"}],
}
PURCHASE = {
    "item": "27 inch screens",
    "category": "Hardware",
    "quantity": 4,
    "estimated_amount": 900,
    "cost_centre": "EN-2040",
    "justification": "The new team has no screens yet",
}
ORDERED: dict[str, list[dict[str, Any]]] = {
    "place-order": [{"order_number": "PO-77120", "expected_on": "2027-02-19"}],
    "confirm-receipt": [{"received_on": "2027-02-18", "complete": True}],
}
EXPENSE = {
    "expense_type": "Office supplies",
    "spent_on": "2027-01-14",
    "amount": 23.9,
    "explanation": "Batteries for the wireless keyboards",
}
STARTER = {
    "employee_name": "Amara Diallo",
    "private_email": "amara@example.net",
    "employment_type": "Permanent",
    "position": "Account manager",
    "department": "Sales",
    "first_day": "2027-04-01",
    "works_remotely": False,
    "equipment": ["Headset", "Second screen"],
}
CONTRACTOR = {name: value for name, value in STARTER.items() if name != "equipment"}
STARTER_WORK: dict[str, list[dict[str, Any]]] = {
    "confirm-data": [{"contract_signed_on": "2027-02-01", "weekly_hours": 38.5}],
    "create-account": [{"account_name": "amara.diallo", "company_email": "amara.diallo@example.com"}],
    "prepare-laptop": [{"laptop_tag": "LT-00417"}],
    "test-access": [{"access_tested_on": "2027-03-29"}],
    "set-up-payroll": [{"payroll_number": 20417}],
    "plan-first-week": [{"buddy": "Jonas Weber", "trainings": ["Safety", "Product"]}],
    "first-day": [{"welcomed_on": "2027-04-01"}],
}
CONTRACT = {
    "counterparty": "Northwind Analytics",
    "contract_type": "Services",
    "contract_value": 120000,
    "sign_by": "2027-05-31",
    "purpose": "Forecasts for the warehouses",
}
LEAVER = {"employee_name": "Tom Reuter", "department": "Finance", "last_day": "2027-03-31"}
LEAVER_WORK: dict[str, list[dict[str, Any]]] = {
    "interview": [{"main_reason": "Place of work", "would_return": True}],
    "handover": [{"successor": "Lea Sommer"}],
    "return-equipment": [{"returned": ["Laptop", "Key card"], "returned_on": "2027-03-30"}],
    "reference": [{"reference_sent_on": "2027-04-02"}],
}

OFFICE: dict[str, list[Run]] = {
    "leave-request.yaml": [
        Run(
            "leave-request",
            LEAVE,
            {
                "manager-approval": [{"decision": "Approved", "decision_note": "Enjoy it"}],
                "record-leave": [{"days_left": 14}],
            },
            ["manager-approval", "record-leave"],
        ),
        Run(
            "leave-request",
            {**LEAVE, "leave_type": "Sick leave", "working_days": 2},
            {"record-leave": [{"days_left": 24, "certificate_expected": True}]},
            ["record-leave"],
        ),
        Run(
            "leave-request",
            LEAVE,
            {"manager-approval": [TIMEOUT], "hr-decision": [{"decision": "Declined"}]},
            ["manager-approval", "hr-decision"],
        ),
    ],
    "travel-request.yaml": [
        Run(
            "travel-request",
            TRIP,
            {"approve": [{"approval": "Approved"}], **TRIP_WORK},
            ["approve", "book", "pay-advance", "register-trip", "report"],
        ),
        Run(
            "travel-request",
            {**TRIP, "estimated_cost": 500},
            TRIP_WORK,
            ["book", "pay-advance", "register-trip", "report"],
        ),
        Run("travel-request", TRIP, {"approve": [{"approval": "Declined"}]}, ["approve"]),
    ],
    "purchase-approval.yaml": [
        Run(
            "purchase-request",
            PURCHASE,
            {"check-request": [{"supplier": "Kontor Technik", "net_amount": 999.99, "currency": "EUR"}], **ORDERED},
            ["check-request", "place-order", "confirm-receipt"],
        ),
        Run(
            "purchase-request",
            PURCHASE,
            {
                "check-request": [{"supplier": "Kontor Technik", "net_amount": 1000, "currency": "EUR"}],
                "manager-approval": [{"manager_decision": "Approved"}],
                **ORDERED,
            },
            ["check-request", "manager-approval", "place-order", "confirm-receipt"],
        ),
        Run(
            "software-licence",
            {**PURCHASE, "item": "Design suite, 60 seats", "category": "Software"},
            {
                "check-request": [{"supplier": "Drawline", "net_amount": 10000, "currency": "USD"}],
                "manager-approval": [{"manager_decision": "Approved"}],
                "finance-approval": [{"finance_decision": "Rejected", "rejection_reason": "Next year"}],
            },
            ["check-request", "manager-approval", "finance-approval"],
        ),
    ],
    "expense-claim.json": [
        Run(
            "expense-claim",
            EXPENSE,
            {"audit": [{"audit_result": "Accept", "tax_rate": 19}], "pay": [{"paid_on": "2027-01-31"}]},
            ["audit", "pay"],
        ),
        Run(
            "meal-allowance",
            {**EXPENSE, "expense_type": "Meals", "amount": 184.5, "explanation": "Meal with Northwind"},
            {
                "approve": [{"approved": True, "cost_centre": "SA-1200"}] * 2,
                "audit": [{"audit_result": "Ask back", "audit_note": "Who was there?"}, {"audit_result": "Accept"}],
                "correct": [{"amount": 171.5, "explanation": "Meal with Northwind, four people"}],
                "pay": [{"paid_on": "2027-02-28"}],
            },
            ["approve", "audit", "correct", "approve", "audit", "pay"],
        ),
    ],
    "employee-onboarding.yaml": [
        Run(
            "new-employee",
            STARTER,
            {**STARTER_WORK, "set-up-desk": [{"desk": "3.12-B"}]},
            [
                "confirm-data",
                "create-account",
                "set-up-payroll",
                "plan-first-week",
                "prepare-laptop",
                "set-up-desk",
                "test-access",
                "first-day",
            ],
        ),
        Run(
            "new-contractor",
            {**CONTRACTOR, "employment_type": "Contractor", "works_remotely": True},
            {**STARTER_WORK, "ship-laptop": [{"tracking_number": "JD0146001"}]},
            [
                "confirm-data",
                "create-account",
                "set-up-payroll",
                "plan-first-week",
                "prepare-laptop",
                "ship-laptop",
                "test-access",
                "first-day",
            ],
        ),
    ],
    "contract-review.yaml": [
        Run(
            "contract-review",
            CONTRACT,
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
            ["legal-intake", "privacy-review", "finance-review", "sum-up", "negotiate"]
            + ["legal-intake", "short-check", "sum-up", "sign"],
        ),
        Run(
            "non-disclosure",
            {**CONTRACT, "contract_type": "Non-disclosure", "contract_value": 0},
            {
                "legal-intake": [{"personal_data": True, "access_to_systems": True}],
                "privacy-review": [{"privacy_opinion": "No objection"}],
                "security-review": [{"security_opinion": "No certificate", "certificates": []}],
                "sum-up": [{"result": "Do not sign", "legal_summary": "Access without any certificate"}],
            },
            ["legal-intake", "privacy-review", "security-review", "sum-up"],
        ),
    ],
    "exit-interview.yaml": [
        Run("exit-interview", LEAVER, LEAVER_WORK, ["interview", "handover", "return-equipment", "reference"]),
        Run(
            "exit-interview",
            {**LEAVER, "department": "Operations"},
            {**LEAVER_WORK, "handover": [{"successor": "Lea Sommer", "open_work": "The yearly stocktaking"}]},
            ["interview", "handover", "return-equipment", "reference"],
        ),
    ],
}
