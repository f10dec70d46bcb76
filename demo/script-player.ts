import { typeOf, Refusal } from "./model-request.ts";
import { findScript, type ScriptRequest, type Step } from "./script.ts";

/** A step for a request, or undefined to let the next scenario decide. */
export type Scenario = (request: ScriptRequest) => Step | undefined;

export interface Play {
  step: Step;
  /** The fault that is due instead of the step's answer. */
  fault: { refusal: Refusal; retryAfter: number | undefined } | undefined;
}

/** Decides what to answer: the prompt's own script, else the first scenario that wants it, else the prompt said back. */
export function createScriptPlayer(scenarios: readonly Scenario[]): (request: ScriptRequest) => Play {
  const failures = new Map<string, number>();

  /** A fault that happens a number of times is counted per place in the conversation. */
  function faultOf({ error }: Step, { sessionId, step }: ScriptRequest): Play["fault"] {
    if (!error) return undefined;
    // Not the text: a prompt that was refused stands before what is asked next, in one message with it.
    const place = `${sessionId} ${step} ${JSON.stringify(error)}`;
    const failed = failures.get(place) ?? 0;
    if (error.times !== undefined && failed >= error.times) return undefined;
    failures.set(place, failed + 1);
    const message = error.message ?? `scripted ${error.status}`;
    return {
      refusal: new Refusal(error.status, message, error.type ?? typeOf(error.status)),
      retryAfter: error.retryAfter,
    };
  }

  return (request) => {
    const step = ownScript(request) ?? firstOf(scenarios, request) ?? said(request.text);
    return { step, fault: faultOf(step, request) };
  };
}

function ownScript({ text, step }: ScriptRequest): Step | undefined {
  try {
    const script = findScript(text);
    return script && (script[step] ?? {});
  } catch (error) {
    throw new Refusal(
      400,
      `The script in the prompt is wrong: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function firstOf(scenarios: readonly Scenario[], request: ScriptRequest): Step | undefined {
  for (const scenario of scenarios) {
    const step = scenario(request);
    if (step) return step;
  }
  return undefined;
}

const said = (text: string): Step => ({ text: `You said: “${text.split("\n", 1)[0]?.slice(0, 200) ?? ""}”` });
