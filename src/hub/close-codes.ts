/** Why a socket is closed, as the protocol's page has it. */
export const CLOSE = {
  meant: 1000,
  refused: 1008,
  tooLarge: 1009,
  fault: 1011,
  restarting: 1012,
  late: 4000,
  replaced: 4001,
};
