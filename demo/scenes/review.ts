import type { Scene, Turn } from "./scene.ts";

const review = `I read both files of \`src/auth\`. In short: the building blocks are right, three details are not.

## What is good

- Tokens are signed with HMAC-SHA-256 and compared in constant time.
- Passwords are hashed with scrypt and a salt of their own.
- No secret is logged, and none has a default.

## What I would change

### 1. A malformed token is an exception, not a refusal

\`verify\` splits at the dot and takes both parts for granted. A token without a dot makes \`signature\` undefined, and \`Buffer.from(undefined)\` throws. One of another length makes \`timingSafeEqual\` throw. Both end as a 500 that anybody can cause.

\`\`\`js
export function verify(token, secret) {
  const [payload = "", signature = ""] = token.split(".");
  const expected = Buffer.from(sign(payload, secret));
  const given = Buffer.from(signature);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  return JSON.parse(Buffer.from(payload, "base64url").toString());
}
\`\`\`

### 2. Tokens never end

\`issuedAt\` is written and never read. A token that leaked in a log of 2023 still opens the door today. Eight hours, and a new one while a person works, is a usual choice.

### 3. Hashing stops the world

\`scryptSync\` keeps the event loop busy for about 60 ms a sign-in. Twenty people who sign in at nine o'clock wait for each other, and so does everybody else.

| | now | asynchronous |
|---|---|---|
| sign-ins a second, one process | 16 | 64 |
| p95 of other requests meanwhile | 1.2 s | 9 ms |

## Order of work

1. The malformed token, because it can be used from outside today.
2. The end of tokens: one check in \`verify\`, and a line in the release notes, since everybody signs in anew once.
3. \`scrypt\` instead of \`scryptSync\`: two functions become asynchronous, five callers with them.

Shall I do the first one now, with tests?`;

/** A long answer that streams. */
export const authReview: Scene = {
  title: "Review the authentication module",
  repository: "acme/gateway",
  tags: ["review", "security"],
  turns: [
    {
      say: "Review the authentication module and suggest improvements.",
      steps: [
        {
          thinking: "Two files. Look at token handling first.",
          text: "I'll read the module first.",
          calls: [{ read: "src/auth/session.js" }, { read: "src/auth/password.js" }],
          delayMs: 500,
        },
        { text: review, delayMs: 800, paceMs: 550 },
      ],
    },
  ],
};

const questions: readonly (readonly [string, string])[] = [
  [
    "What would an attacker need for the first one?",
    "Nothing but the address. Any request with `Authorization: Bearer x` reaches `verify`, the missing signature makes `Buffer.from` throw, and the error handler answers 500.\n\nIt opens no door, but each such request fills the error log with a stack trace, and whoever is on call at night learns to ignore them. That is the real damage: the next 500 that matters looks the same.",
  ],
  [
    "How would you end tokens without signing everybody out at once?",
    "In two releases.\n\n1. **Read, do not refuse.** `verify` accepts old tokens and tells the caller that the token is past its time; the gateway then sets a fresh one with the answer. Nobody notices anything.\n2. **A week later, refuse.** Whoever was active has a fresh token by then. Only those who were away sign in again, which is what you want of them anyway.\n\nThe week is a choice. I would take the longest holiday that your people usually make, and add a day.",
  ],
  [
    "Is scrypt still the right choice, or should we move to Argon2?",
    "Stay with scrypt for now.\n\n- Node has it built in; Argon2 would be the first native dependency of this service.\n- With the parameters in use an attacker gets a few guesses per second and core. The weak point is the length of passwords, not the function.\n- A later move is easy: store the name of the function with the hash, check with the old one, and hash anew at the next sign-in.\n\nThe last point is worth doing today, because it costs a prefix of seven letters now and a migration later.",
  ],
];

/** What is asked in the review now and then while the demo is open. */
export const followUps: readonly Turn[] = questions.map(([say, text]) => ({
  say,
  steps: [{ text, delayMs: 600, paceMs: 300 }],
}));
