export { listServers, setDraining, type ShownJanus } from '../sfu/servers-store.ts'
export type { SfuTables } from '../sfu/sfu-tables.ts'
