// The bench's processes: the simulated PowerSchool, the bridge, and the bare server that sends ready bytes.
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const ROOT = join(import.meta.dirname, '..', '..')

export interface PowerSchoolProcess {
  readonly url: string
  readonly clientId: string
  readonly clientSecret: string
  /** Runs SQL on the district's tables. */
  sql(statement: string, parameters?: readonly (string | number)[]): Promise<Record<string, unknown>[]>
  stop(): void
}

/** A district of so many students, ready to be read. */
export async function startPowerSchool(students: number, enrollments: number): Promise<PowerSchoolProcess> {
  const args = ['fixtures/powerschool/server.ts', '--students', String(students), '--enrollments', String(enrollments)]
  const child = spawn(process.execPath, [...args, '--control'], { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = await once(createInterface({ input: child.stdout }), 'line')
  // The simulator prints this shape, one line of JSON.
  const told = JSON.parse(String(line)) as { url: string; clientId: string; clientSecret: string }
  return {
    ...told,
    async sql(statement, parameters = []) {
      const answer = await fetch(`${told.url}/__sql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ sql: statement, parameters }),
      })
      const { rows } = (await answer.json()) as { rows: Record<string, unknown>[] }
      return rows
    },
    stop: () => child.kill(),
  }
}

export interface MemoryPeak {
  readonly heapMb: number
  readonly rssMb: number
}

export interface ServerProcess {
  readonly url: string
  /** The highest memory since the last call. */
  memory(): Promise<MemoryPeak>
  stop(): Promise<void>
}

/** Forks a file of this folder that sends `{ url }` when it listens and answers `memory`. */
export async function startServerProcess(
  file: string,
  environment: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Promise<ServerProcess> {
  const child = fork(join(import.meta.dirname, file), args, {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  const { url } = (await nextMessage(child)) as { url: string }
  return {
    url,
    async memory() {
      child.send('memory')
      return (await nextMessage(child)) as MemoryPeak
    },
    async stop() {
      const ended = once(child, 'exit')
      child.kill('SIGTERM')
      await ended
    },
  }
}

async function nextMessage(child: ChildProcess): Promise<unknown> {
  const [message] = await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => {
      throw new Error(`a process of the bench ended with code ${code}`)
    }),
  ])
  return message
}
