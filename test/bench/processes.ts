// The bench's processes: the simulated PowerSchool, the bridge, those who read it, and the bare server of ready bytes.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import packageJson from '../../package.json' with { type: 'json' }
import type { LoopHolds } from './loop-watch.ts'

export interface PowerSchoolProcess {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  /** Runs SQL on the district's tables. */
  sql(statement: string, parameters?: readonly (string | number)[]): Promise<Record<string, unknown>[]>
  /** Lets so many things happen in the district; others for each `salt`. */
  change(count: number, salt: number): Promise<void>
  /** How many requests it has answered so far. */
  requests(): Promise<number>
  stop(): Promise<void>
}

/** A district of so many students, ready to be read. */
export async function startPowerSchool(students: number, enrollments: number): Promise<PowerSchoolProcess> {
  const size = ['--students', String(students), '--enrollments', String(enrollments)]
  const { told, ask, stop } = await startProcess('powerschool-process.ts', {}, size)
  const { url, clientId, clientSecret } = told as { url: string; clientId: string; clientSecret: string }
  return {
    url,
    clientId,
    clientSecret,
    async sql(statement, parameters = []) {
      const answer = await fetch(`${url}/__sql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ sql: statement, parameters }),
      })
      const { rows } = (await answer.json()) as { rows: Record<string, unknown>[] }
      return rows
    },
    async change(count, salt) {
      await ask({ change: count, salt })
    },
    async requests() {
      const { count } = (await (await fetch(`${url}/__requests`)).json()) as { count: number }
      return count
    },
    stop,
  }
}

export interface MemoryPeak {
  readonly heapMb: number
  readonly rssMb: number
}

export interface ServerProcess {
  readonly url: string
  readonly pid: number
  /** The highest memory since the last call. */
  memory(): Promise<MemoryPeak>
  /** How long its event loop was held since the last call. */
  loop(): Promise<LoopHolds>
  stop(): Promise<void>
}

/** Forks a file of this folder that sends `{ url }` when it listens and answers `memory`; the bridge's answers `loop` too. */
export async function startServerProcess(
  file: string,
  environment: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<ServerProcess> {
  const { told, pid, ask, stop } = await startProcess(file, environment, args)
  return {
    url: (told as { url: string }).url,
    pid,
    memory: async () => (await ask('memory')) as MemoryPeak,
    loop: async () => (await ask('loop')) as LoopHolds,
    stop,
  }
}

export interface BenchProcess {
  /** What it sent first. */
  readonly told: unknown
  readonly pid: number
  /** Sends a message and waits for the answer; one at a time. */
  ask(message: string | object): Promise<unknown>
  stop(): Promise<void>
}

const BRIDGE = 'bridge-process.ts'
/** What `npm start` gives Node. */
const START_FLAGS = packageJson.scripts.start.split(' ').filter((word) => word.startsWith('--'))

/** Forks a file of this folder and waits for its first message. */
export async function startProcess(
  file: string,
  environment: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<BenchProcess> {
  const child = fork(join(import.meta.dirname, file), args, {
    env: { ...process.env, ...environment },
    execArgv: file === BRIDGE ? START_FLAGS : [],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const told = await nextMessage(child)
  return {
    told,
    pid: child.pid ?? 0,
    ask(message) {
      const answer = nextMessage(child)
      child.send(message)
      return answer
    },
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const settled = new AbortController()
  const { signal } = settled
  try {
    const [message] = await Promise.race([
      once(child, 'message', { signal }),
      once(child, 'exit', { signal }).then(([code]) => {
        throw new Error(`a process of the bench ended with code ${code}`)
      }),
    ])
    return message
  } finally {
    settled.abort()
  }
}
