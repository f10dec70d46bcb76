import type { WebClientOptions } from "@slack/web-api";

type SlackLogger = NonNullable<WebClientOptions["logger"]>;

const say = (): void => {};

/** The library would write to the console, past our log; what it has to say is in the errors it throws. */
export const quietSlackLogger = (): SlackLogger => ({
  debug: say,
  info: say,
  warn: say,
  error: say,
  setLevel: say,
  getLevel: () => "error" as ReturnType<SlackLogger["getLevel"]>,
  setName: say,
});
