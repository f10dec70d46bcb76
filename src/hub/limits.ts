/** What anybody may take of the hub, and how long it waits. */
export const HUB_LIMITS = {
  /** One WebSocket message; larger ones end the socket (1009). The plain frames of old clients carry whole answers. */
  frameBytes: 1024 * 1024,
  plainFrameBytes: 32 * 1024 * 1024,
  browserFrameBytes: 256 * 1024,
  /** A socket that has not said who it is by then is closed. */
  registerMs: 10_000,
  /** We ping this often; a peer that has not been heard of for two of these is gone, so within a minute. */
  pingMs: 20_000,
  silentMs: 40_000,
  /** How long a socket may take to answer when another one wants its place. */
  probeMs: 2_000,
  /** Frames other than data of requests, a second, averaged over ten. */
  framesPerSecond: 200,
  machinesPerUser: 10_000,
  instancesPerHost: 64,
  tokensPerUser: 200,
  browsersPerUser: 100,
  /** Bytes that wait to be sent to one socket before it is given up; a machine may have many streams under way. */
  browserQueueBytes: 4 * 1024 * 1024,
  machineQueueBytes: 160 * 1024 * 1024,
  requestsPerBrowser: 32,
  /** Requests and sockets to machines that one person has open at one process. */
  waysPerUser: 1_000,
  pendingSockets: 1_000,
  pendingPerAddress: 10,
  pendingMs: 10 * 60_000,
  eventsPerMachine: 500,
  requestsPerMachine: 256,
  firstByteMs: 30_000,
  plainBodyBytes: 10 * 1024 * 1024,
  /** Of one person's requests to machines without the tunnel, bodies and answers together. */
  plainBytesPerUser: 128 * 1024 * 1024,
  /** Changes of a machine's status a second, averaged over ten, that are recorded one by one. */
  statusPerSecond: 50,
  signInSeconds: 7 * 24 * 60 * 60,
  ticketSeconds: 60,
  recheckMs: 60 * 60_000,
  /** How long a person stays in when GitHub cannot be asked. */
  recheckGraceMs: 4 * 60 * 60_000,
};
