// Inside a measured process: watches its memory and tells the parent the peak when asked.
import { answerParent } from './parent.ts'

const SAMPLE_MS = 20
const MB = 1 << 20

/** Samples heap and resident memory, and answers the parent's `memory` with the peaks since the last answer. */
export function watchMemory(): void {
  let heap = 0
  let rss = 0
  const sample = () => {
    const usage = process.memoryUsage()
    heap = Math.max(heap, usage.heapUsed)
    rss = Math.max(rss, usage.rss)
  }
  setInterval(sample, SAMPLE_MS).unref()
  answerParent('memory', () => {
    sample()
    const peak = { heapMb: Math.round(heap / MB), rssMb: Math.round(rss / MB) }
    heap = 0
    rss = 0
    return peak
  })
}
