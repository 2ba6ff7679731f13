/** The page of a meeting. */
export const joinLink = (base: string, code: string): string => `${base}/m/${code}`

/** Where the WebSocket is; the meeting in it lets the gateway put the people of one meeting on one node. */
export const signalingUrl = (base: string, meetingId: string): string =>
  `${base.replace(/^http/, 'ws')}/v1/ws?meeting=${meetingId}`
