// A Worker to be measured: its process, its settings, when it rests, and how large its database is.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { bridgeEnvironment } from './bridge-client.ts'
import { type PowerSchoolProcess, startProcess } from './processes.ts'
import type { WorkerdPeak } from './workerd-memory.ts'

const LOOK_MS = 300
/** Of 10 ms each, in `LOOK_MS`. */
const IDLE_TICKS = 2
const IDLE_LOOKS = 4

export interface WorkerProcess {
  readonly url: string
  /** From the start of workerd to the moment it listens. */
  readonly readyMs: number
  memory(): Promise<WorkerdPeak>
  /** Steps of syncs, and lines of warnings and errors, since the last call. */
  log(): Promise<{ steps: number; errors: readonly string[] }>
  /** Resolves when workerd has had nothing to do for a second. */
  idle(): Promise<void>
  stop(): Promise<void>
}

export interface WorkerOptions {
  readonly powerSchool: PowerSchoolProcess
  readonly bundle: string
  /** What is there is gone on with. */
  readonly state: string
  readonly template: 'rest' | 'powerquery'
  readonly v8Flags?: string
}

export async function startWorker(options: WorkerOptions): Promise<WorkerProcess> {
  const { powerSchool, bundle, state, template, v8Flags = '' } = options
  const { DATA_DIR: _, PORT: __, ...settings } = bridgeEnvironment(powerSchool, '')
  const { told, ask, stop } = await startProcess('worker-process.ts', {
    WORKER_FOLDER: bundle,
    WORKER_STATE: state,
    WORKER_SETTINGS: JSON.stringify({
      ...settings,
      POWERSCHOOL_TEMPLATE: template,
      SEALING_KEY: Buffer.alloc(32, 'bench').toString('base64'),
      LOG_LEVEL: 'info',
    }),
    MINIFLARE_WORKERD_V8_FLAGS: v8Flags,
    CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  })
  // Written by worker-process.ts.
  const { url, readyMs, workerdPid } = told as { url: string; readyMs: number; workerdPid: number }
  return {
    url,
    readyMs,
    memory: async () => (await ask('memory')) as WorkerdPeak,
    log: async () => (await ask('log')) as { steps: number; errors: readonly string[] },
    async idle() {
      let before = ticksOf(workerdPid)
      for (let idle = 0; idle < IDLE_LOOKS; idle++) {
        await wait(LOOK_MS)
        const now = ticksOf(workerdPid)
        if (now - before > IDLE_TICKS) idle = -1
        before = now
      }
    },
    stop,
  }
}

/** Of CPU, its own and the kernel's for it. */
function ticksOf(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return Number(fields[11]) + Number(fields[12])
}

/** For people. */
export function tellPeak({ heapMb, bufferMb, bothMb, rssMb }: WorkerdPeak): string {
  return `heap ${heapMb}, buffers ${bufferMb}, both ${bothMb} MB, RSS ${rssMb} MB`
}

/** With what has not been written back from its log. */
export function databaseBytes(state: string): number {
  return readdirSync(state, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.includes('ProfileObject') && /\.sqlite(?:-wal)?$/.test(name))
    .reduce((sum, name) => sum + statSync(join(state, name)).size, 0)
}
