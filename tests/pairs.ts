/**
 * Tests that wait for answers rather than for time or for cores, and measure nothing. Two of them run at once; those with a browser,
 * media or a fault run alone.
 */
export const inPairs = [
  'attacks/{cross-origin,edge,input,own-ports,patterns,realtime-access,realtime-frames,realtime-tokens,secrets}.test.ts',
  'fuzz/**/*.test.ts',
  'matrix/**/*.test.ts',
  'sweep/**/*.test.ts',
  'scenarios/{chat,events,files,files-s3,keys,limits,lobby,observability,operators,privacy,protocol,references}.test.ts',
  'scenarios/{removal,schedule,sdk-package,sessions,shared-servers,sign-in,text,webhooks}.test.ts',
]
