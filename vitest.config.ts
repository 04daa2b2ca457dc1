// Every test on Node, and those of the shared folders in workerd too.
import { defineConfig } from 'vitest/config'
import { LongFirst } from './test/support/order.ts'
import { WORKERD_ONLY, workerdProjects } from './test/workerd/project.ts'

// Nothing of the tests asks the network, and nothing is told to anybody.
process.env.WRANGLER_SEND_METRICS = 'false'
process.env.WRANGLER_SEND_ERROR_REPORTS = 'false'
process.env.CLOUDFLARE_CF_FETCH_ENABLED = 'false'

export default defineConfig({
  test: {
    maxWorkers: '100%',
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: WORKERD_ONLY,
          // Files share their modules: half of what a run costs is loading the project anew for each.
          isolate: false,
          setupFiles: './test/support/setup.ts',
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      ...workerdProjects(),
    ],
  },
})
