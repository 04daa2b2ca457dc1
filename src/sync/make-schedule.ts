// The schedule that fits the runtime: of a process that goes on, or of steps.
import type { Sql } from '../store/sql.ts'
import { createSchedule, type Schedule, type ScheduleOptions } from './schedule.ts'
import { createStepSchedule, type StepRuntime } from './step-schedule.ts'

export interface MakeScheduleOptions extends ScheduleOptions {
  readonly sql: Sql
  /** Where work is done in steps. */
  readonly steps: StepRuntime | undefined
}

export function makeSchedule({ steps, ...options }: MakeScheduleOptions): Schedule {
  return steps === undefined ? createSchedule(options) : createStepSchedule({ ...options, steps })
}
