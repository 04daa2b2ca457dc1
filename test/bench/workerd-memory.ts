// What workerd takes of memory: the process as Linux counts it, and the Worker's isolate as V8 tells it over the inspector.
import { readFileSync, writeFileSync } from 'node:fs'

const SAMPLE_MS = 50
const MB = 1 << 20
const KB_IN_MB = 1 << 10
/** Has Linux forget the highest resident size. */
const RESET_PEAK = '5'

export interface WorkerdPeak {
  /** What is used of V8's heap, what buffers hold outside of it, and the most that both held at a time. */
  readonly heapMb: number
  readonly bufferMb: number
  readonly bothMb: number
  /** Of the whole process. */
  readonly rssMb: number
}

export interface WorkerdMemory {
  /** The highest since the last call. Of what V8 holds it sees a sample now and then, none while the Worker computes. */
  peak(): WorkerdPeak
  close(): void
}

/** `inspector` is the address of the isolate's debugger. */
export async function watchWorkerd(pid: number, inspector: string): Promise<WorkerdMemory> {
  const socket = new WebSocket(inspector)
  await new Promise((opened, failed) => {
    socket.addEventListener('open', opened, { once: true })
    socket.addEventListener('error', () => failed(new Error(`no debugger at ${inspector}`)), { once: true })
  })
  let heap = 0
  let buffers = 0
  let both = 0
  let isAsked = false
  socket.addEventListener('message', ({ data }) => {
    const { result } = JSON.parse(String(data)) as { result?: { usedSize?: number; backingStorageSize?: number } }
    isAsked = false
    const { usedSize = 0, backingStorageSize = 0 } = result ?? {}
    heap = Math.max(heap, usedSize)
    buffers = Math.max(buffers, backingStorageSize)
    both = Math.max(both, usedSize + backingStorageSize)
  })
  const timer = setInterval(() => {
    if (isAsked || socket.readyState !== WebSocket.OPEN) return
    isAsked = true
    socket.send(JSON.stringify({ id: 1, method: 'Runtime.getHeapUsage' }))
  }, SAMPLE_MS)
  return {
    peak() {
      const peak = { heapMb: inMb(heap), bufferMb: inMb(buffers), bothMb: inMb(both), rssMb: residentPeak(pid) }
      heap = 0
      buffers = 0
      both = 0
      return peak
    },
    close() {
      clearInterval(timer)
      socket.close()
    },
  }
}

const inMb = (bytes: number) => Math.round(bytes / MB)

/** Not a number where the system does not tell. */
function residentPeak(pid: number): number {
  if (process.platform !== 'linux') return Number.NaN
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  writeFileSync(`/proc/${pid}/clear_refs`, RESET_PEAK)
  return Math.round(Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / KB_IN_MB)
}
