/** The little that is used here of packages whose types are not installed. */
declare module 'bcrypt' {
  const bcrypt: {
    hash(password: string, cost: number): Promise<string>
    compare(password: string, hash: string): Promise<boolean>
  }
  export default bcrypt
}

declare module 'pg' {
  export interface Client {
    connect(): Promise<void>
    on(event: 'error', listener: (error: Error) => void): void
    query(sql: string, values?: readonly unknown[]): Promise<{ rows: Record<string, unknown>[] }>
    end(): Promise<void>
  }
  const pg: { Client: new (options: { connectionString: string }) => Client }
  export default pg
}
