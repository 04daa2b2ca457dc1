// The part of Cloudflare's runtime that the bridge uses, and the text modules that its bundler makes.

declare module 'cloudflare:workers' {
  /** An object of its own: one instance in the world, with a database that only it sees. */
  export abstract class DurableObject<Environment = unknown> {
    protected readonly ctx: DurableObjectState
    protected readonly env: Environment
    constructor(ctx: DurableObjectState, env: Environment)
    fetch?(request: Request): Promise<Response>
    alarm?(): Promise<void>
  }

  export interface DurableObjectState {
    readonly storage: RecoverableStorage
    /** Ends the object, with all that it is about to answer; the next event makes it anew. */
    abort(reason: string): void
  }

  /** Remembers what it was at each moment of the last 30 days; the platform's own, and not where it runs on one's own machine. */
  export interface RecoverableStorage extends DurableObjectStorage {
    getBookmarkForTime(ms: number): Promise<string>
    /** The object that is made next finds the storage as it was then. Answers the bookmark of what it is now. */
    onNextSessionRestoreBookmark(bookmark: string): Promise<string>
  }

  export interface DurableObjectStorage {
    readonly sql: {
      exec(
        statement: string,
        ...parameters: readonly (string | number | null | ArrayBuffer)[]
      ): { toArray(): Record<string, string | number | null | ArrayBuffer>[] }
      readonly databaseSize: number
    }
    transactionSync<T>(work: () => T): T
    get<T>(key: string): Promise<T | undefined>
    put(key: string, value: unknown): Promise<void>
    setAlarm(ms: number): Promise<void>
    deleteAlarm(): Promise<void>
    deleteAll(): Promise<void>
  }

  export interface DurableObjectNamespace<Stub> {
    idFromName(name: string): { readonly name?: string }
    get(id: { readonly name?: string }): Stub
  }
}

declare module '*.yaml' {
  const text: string
  export default text
}
