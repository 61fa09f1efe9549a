"""The runs of `example_runs.py`, continued: customers, operations, candidates and suppliers."""

from __future__ import annotations

from typing import Any

from workflow_design.kernel.tests.example_runs import ERROR, TIMEOUT, Run

REFUND = {
    "order_number": "W-100482",
    "customer_name": "Petra Lindqvist",
    "customer_email": "petra@example.net",
    "channel": "Phone",
    "reason": "Damaged",
    "amount_claimed": 89.9,
    "message": "The lid was cracked when I opened the parcel",
}
REPLY = [{"reply": "Thank you for your patience; here is what we did for you."}]
INCIDENT = {
    "summary": "VPN drops every ten minutes",
    "details": "Since this morning the VPN disconnects with code 809",
    "service": "Network and VPN",
    "impact": "One team",
    "urgency": "Medium",
}
FIXED = {"resolved": True, "work_done": "Replaced the certificate", "resolution": "Please sign in again"}
CHANGE = {
    "title": "Move the shop to the new load balancer",
    "system": "Web shop",
    "purpose": "The old one gets no updates any more",
    "plan": "Switch the address, watch the error rate, switch off the old one",
    "rollback_plan": "Switch the address back",
    "window_start": "2027-02-06T22:00:00Z",
    "downtime_minutes": 5,
}
REVIEWED: dict[str, list[dict[str, Any]]] = {
    "technical-review": [{"technical_risk": "Low", "tested_on": "Staging"}] * 3,
    "security-review": [{"security_risk": "Medium", "affected_data": ["Customer data"]}] * 3,
    "classify": [{"change_class": "Normal"}] * 3,
}
REWORKED = {
    "plan": "Switch ten percent, then half, then all of the traffic",
    "rollback_plan": "Switch the address back and restore the session store",
    "window_start": "2027-02-13T22:00:00Z",
    "rework_note": "Smaller steps",
}
CALL = {"call_reference": "C-88213", "language": "English", "reason": "Threats", "safe_to_call_back": True}
VENDOR = {
    "vendor_name": "Fabrik Nord GmbH",
    "country": "DE",
    "tax_number": "DE811907980",
    "contact_email": "sales@fabrik-nord.example",
    "yearly_volume": 120000,
}
CLEAR = {"screening_result": "clear", "screening_reference": "chk_93f1", "matches": 0}
CANDIDATE = {
    "candidate_name": "Mikael Brandt",
    "candidate_email": "mikael@example.net",
    "position": "Treasurer",
    "package": "Finance",
}
CONSENT = [{"consent_given": True, "consent_on": "2027-01-11"}]
BUG = {
    "summary": "The basket forgets its last article",
    "steps_to_reproduce": "Add three articles, sign in, open the basket: two are left",
    "product": "Web shop",
    "severity": "Disturbs",
    "product_version": "8.2.1",
}

SERVICE: dict[str, list[Run]] = {
    "customer-refund.yaml": [
        Run(
            "refund-claim",
            REFUND,
            {
                "review-claim": [{"outcome": "Refund", "refund_amount": 89.9}],
                "pay-refund": [{"paid_on": "2027-01-20", "payment_reference": "RF-20391"}],
                "reply": REPLY,
            },
            ["review-claim", "pay-refund", "reply"],
        ),
        Run(
            "web-shop-refund",
            {**REFUND, "channel": "Web shop", "amount_claimed": 640},
            {
                "review-claim": [
                    {"outcome": "Ask the customer", "refund_amount": 0, "question": "May we see a photo?"},
                    {"outcome": "Refund", "refund_amount": 640},
                ],
                "ask-customer": [{"customer_answer": "It is attached to my mail"}],
                "approve-refund": [{"refund_approved": False, "approval_note": "Offer a repair"}],
                "reply": REPLY,
            },
            ["review-claim", "ask-customer", "review-claim", "approve-refund", "reply"],
        ),
    ],
    "it-incident.yaml": [
        Run(
            "it-incident",
            INCIDENT,
            {
                "triage": [{"priority": "P3", "category": "Failure"}],
                "first-line": [FIXED],
                "second-line": [FIXED],
                "confirm": [{"confirmed": False, "feedback": "It broke again"}, {"confirmed": True}],
            },
            ["triage", "first-line", "confirm", "second-line", "confirm"],
        ),
        Run(
            "site-outage",
            {**INCIDENT, "impact": "One site", "urgency": "High"},
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
            ["triage", "major-incident", "review", "confirm"],
        ),
        Run(
            "it-incident",
            INCIDENT,
            {
                "triage": [{"priority": "P2", "category": "Security"}],
                "second-line": [{"resolved": False, "work_done": "Could not reproduce it"}],
                "escalation": [{"next_step": "Close with workaround", "resolution": "Use the web client"}],
                "confirm": [{"confirmed": True}],
            },
            ["triage", "second-line", "escalation", "confirm"],
        ),
    ],
    "change-request.yaml": [
        Run(
            "change-request",
            CHANGE,
            {
                **REVIEWED,
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
            ["classify", "technical-review", "security-review", "decide", "rework"]
            + ["classify", "technical-review", "security-review", "decide", "implement", "rework"]
            + ["classify", "technical-review", "security-review", "decide", "implement", "verify"],
        ),
        Run(
            "change-request",
            CHANGE,
            {
                **{task: outputs[:1] for task, outputs in REVIEWED.items()},
                "decide": [{"change_decision": "Reject", "decision_note": "Freeze until March"}],
            },
            ["classify", "technical-review", "security-review", "decide"],
        ),
    ],
    "call-centre-intake.yaml": [
        Run(
            "call-intake",
            CALL,
            {
                "assess-risk": [{"assessed_by_phone": True, "risk_score": 15, "risk_factors": ["Stalking"]}],
                "crisis-response": [TIMEOUT],
                "supervisor-takeover": [{"caller_safe": True, "steps_taken": "Found a place in a shelter"}],
                "counselling": [
                    {"another_call": True, "next_call_at": "2027-01-13T09:00:00Z"},
                    {"another_call": False, "safety_plan": "Neighbour has a key"},
                ],
                "follow-up-call": [{"call_result": "Spoke with the caller"}],
            },
            ["assess-risk", "crisis-response", "supervisor-takeover", "counselling", "follow-up-call", "counselling"],
        ),
        Run(
            "call-intake",
            {**CALL, "reason": "Information"},
            {
                "assess-risk": [{"assessed_by_phone": True, "risk_score": 7}],
                "give-information": [{"services_named": ["Legal advice", "Own website"]}],
            },
            ["assess-risk", "give-information"],
        ),
        Run(
            "call-intake",
            CALL,
            {
                "assess-risk": [{"assessed_by_phone": True, "risk_score": 14}],
                "counselling": [{"another_call": False}],
            },
            ["assess-risk", "counselling"],
        ),
    ],
    "vendor-onboarding.yaml": [
        Run(
            "new-vendor",
            VENDOR,
            {
                "screen": [CLEAR],
                "create-in-erp": [{"vendor_number": "V-30711"}],
                "tell-requester": [{"told_on": "2027-01-15"}],
            },
            ["screen", "create-in-erp", "tell-requester"],
        ),
        Run(
            "new-vendor",
            VENDOR,
            {
                "screen": [{**CLEAR, "screening_result": "review", "matches": 1}],
                "compliance-review": [{"compliance_decision": "Accept", "compliance_note": "Only the same name"}],
                "create-in-erp": [ERROR],
                "create-by-hand": [{"vendor_number": "V-30712"}],
                "tell-requester": [{"told_on": "2027-01-18"}],
            },
            ["screen", "compliance-review", "create-in-erp", "create-by-hand", "tell-requester"],
        ),
        Run(
            "new-vendor",
            {**VENDOR, "website": "https://fabrik-nord.example/"},
            {
                "screen": [ERROR],
                "screen-by-hand": [{"screening_result": "hit", "screening_reference": "List of the EU, entry 14"}],
                "compliance-review": [{"compliance_decision": "Reject", "compliance_note": "Listed by the EU"}],
                "tell-requester": [{"told_on": "2027-01-16"}],
            },
            ["screen", "screen-by-hand", "compliance-review", "tell-requester"],
        ),
    ],
    "background-check.yaml": [
        Run(
            "background-check",
            CANDIDATE,
            {
                "record-consent": CONSENT,
                "run-check": [{"check_result": "clear", "report_id": "rep_551"}],
                "release-offer": [{"offer_sent_on": "2027-01-22"}],
            },
            ["record-consent", "run-check", "release-offer"],
        ),
        Run(
            "executive-check",
            {**CANDIDATE, "package": "Executive"},
            {
                "record-consent": CONSENT,
                "run-check": [
                    {"check_result": "consider", "report_id": "rep_552", "findings": ["Degree not confirmed"]}
                ],
                "hr-review": [{"cleared": False, "decision_reason": "The degree was made up"}],
                "decline": [{"declined_on": "2027-01-29"}],
            },
            ["record-consent", "run-check", "hr-review", "decline"],
        ),
        Run(
            "background-check",
            CANDIDATE,
            {
                "record-consent": CONSENT,
                "run-check": [TIMEOUT, ERROR],
                "chase-provider": [{"chase_decision": "Order again", "provider_statement": "It was lost"}],
                "check-by-hand": [{"check_result": "clear", "references_called": 2}],
                "release-offer": [{"offer_sent_on": "2027-02-19"}],
            },
            ["record-consent", "run-check", "chase-provider", "run-check", "check-by-hand", "release-offer"],
        ),
    ],
    "bug-report.json": [
        Run(
            "bug-report",
            BUG,
            {"set-priority": [{"priority": "Medium"}], "create-issue": [{"issue_key": "BUG-2291"}]},
            ["set-priority", "create-issue"],
        ),
        Run(
            "bug-report",
            {**BUG, "product": "Public library", "severity": "Blocks work"},
            {
                "set-priority": [{"priority": "Highest"}],
                "create-issue": [{"issue_key": "BUG-2292"}],
                "create-public-issue": [{"public_issue": "https://code.example.com/acme/library/issues/318"}],
            },
            ["set-priority", "create-issue", "create-public-issue"],
        ),
    ],
}
