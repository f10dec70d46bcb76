/** Stands at the top of what we send: whatever comes after it in a reply is our own text. */
export const REPLY_MARKER = "-=-=- Reply above this line -=-=-";
