import fc from "fast-check";

/**
 * The same random examples in each run, so that a failure is of the change and not of the day. PROPERTY_SEED looks at
 * others: `PROPERTY_SEED=$RANDOM npm test`.
 */
fc.configureGlobal({ seed: Number(process.env["PROPERTY_SEED"] ?? 20_261_121) });
