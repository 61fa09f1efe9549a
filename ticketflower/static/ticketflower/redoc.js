"use strict";

// Fonts of the reader's machine: ReDoc's own would come from elsewhere.
const theme = { typography: { fontFamily: "system-ui, sans-serif", headings: { fontFamily: "system-ui, sans-serif" } } };

Redoc.init("../schema/?as=json", { theme }, document.getElementById("redoc"));
