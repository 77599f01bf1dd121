// Sends the form of a page that is only passed through (OAuth 2.0 Form Post Response Mode).
"use strict";
document.querySelector("form[data-submit]")?.submit();
