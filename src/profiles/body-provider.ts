// The part of a profile's body that tells of PowerSchool, in the words of School Data Sync's educationPowerSchoolDataProvider.
import * as z from 'zod/mini'
import { credential, list, maybe, object, textOf, typeName, webUrl } from './body-fields.ts'

const PROVIDERS = ['#microsoft.graph.educationPowerSchoolDataProvider', '#microsoft.graph.powerSchoolDataProvider']

const everything = z.null(
  'would leave properties out, which the bridge does by the mapping: leave it out, or write null, and let a layer in `mapping` say `FIELD: null` for what is not to be published',
)
const notDeferred = z.literal(
  false,
  'would defer the sync of these, which the bridge does not: write false, or leave it out',
)
const namesChange = z.literal(
  true,
  'would keep the first name for ever, which the bridge does by the mapping: write true, or leave it out, and let a layer in `mapping` say `create_only`',
)
const noStart = z.null(
  'would leave enrollments out until that day, which the bridge does by the mapping: leave it out, or write null, and let the `where` of a layer in `mapping` say it',
)

const customization = maybe(
  object({
    '@odata.type': z.optional(z.string('is not a text')),
    optionalPropertiesToSync: maybe(everything),
    isSyncDeferred: maybe(notDeferred),
    allowDisplayNameUpdate: maybe(namesChange),
    synchronizationStartDate: maybe(noStart),
  }),
)

export const PROVIDER = object({
  '@odata.type': z.optional(typeName(PROVIDERS, 'the bridge reads PowerSchool and nothing else')),
  connectionUrl: webUrl,
  clientId: credential(200),
  clientSecret: z.optional(credential(500)),
  schoolsIds: maybe(
    list(textOf((value) => /^\d{1,10}$/.test(value), 'is not the number of a school as text, for example "100"')),
  ),
  schoolYear: maybe(
    textOf((value) => /^20\d\d$/.test(value), 'is not the year in which the school year ends, for example "2026"'),
  ),
  allowTeachersInMultipleSchools: maybe(
    z.literal(
      true,
      'cannot be false: the bridge publishes a teacher once, with all the schools. Write true, or leave it out',
    ),
  ),
  customizations: maybe(
    object({
      school: customization,
      section: customization,
      student: customization,
      teacher: customization,
      studentEnrollment: customization,
      teacherRoster: customization,
    }),
  ),
})
