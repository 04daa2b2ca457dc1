// The bounds of a step: how long an alarm may work, and how many requests it may send.

import type { Fetch } from '../powerschool/ask.ts'
import { STEP_ENDED } from '../powerschool/stop.ts'
import type { StepRuntime } from '../sync/step-schedule.ts'
import type { Agenda } from './agenda.ts'

export interface StepLimits {
  /** Of an alarm's CPU time a crawl uses no more than the clock goes on. */
  readonly wallMs: number
  readonly requests: number
  /** Of computing alone, as mapping is. */
  readonly computeMs: number
}

/**
 * Within what the platform allows an alarm (15 min, of CPU the 5 min of wrangler.toml, 1,000 requests), with room for what is
 * under way when a step ends. Long, for what has to begin anew in the next step: two streams that belong together, say.
 */
export const STEP_LIMITS: StepLimits = { wallMs: 240_000, requests: 900, computeMs: 20_000 }

export interface CountedSteps {
  readonly steps: StepRuntime
  /** The fetch whose requests count. */
  readonly fetch: Fetch
}

export function createSteps(agenda: Agenda, fetch: Fetch, { wallMs, requests, computeMs }: StepLimits): CountedSteps {
  let onRequest = () => {}
  return {
    fetch: (url, init) => {
      onRequest()
      return fetch(url, init)
    },
    steps: {
      wakeAt: (ms, work) => agenda.at('schedule', ms, work),
      open() {
        const controller = new AbortController()
        const end = () => controller.abort(STEP_ENDED)
        const timer = setTimeout(end, wallMs)
        let left = requests
        onRequest = () => {
          left -= 1
          if (left <= 0) end()
        }
        return {
          signal: controller.signal,
          computeMs,
          end,
          close() {
            clearTimeout(timer)
            onRequest = () => {}
          },
        }
      },
    },
  }
}
