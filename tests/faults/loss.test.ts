import { expect, it } from 'vitest'
import { countsIn } from './loss.ts'

it('T16 reads from the listing of iptables what came by and what was dropped', () => {
  const listing = `Chain INPUT (policy ACCEPT 9053 packets, 1234567 bytes)
    pkts      bytes target     prot opt in     out     source               destination
    4100   205000 LOSS       6    --  *      *       0.0.0.0/0            0.0.0.0/0            tcp dpt:40123
    3900   195000 LOSS       6    --  *      *       0.0.0.0/0            0.0.0.0/0            tcp spt:40123

Chain FORWARD (policy ACCEPT 0 packets, 0 bytes)
    pkts      bytes target     prot opt in     out     source               destination

Chain LOSS (2 references)
    pkts      bytes target     prot opt in     out     source               destination
     405    20250 DROP       0    --  *      *       0.0.0.0/0            0.0.0.0/0            statistic mode random
`
  expect(countsIn(listing)).toEqual({ seen: 8_000, lost: 405 })
})
