import { Transform, type TransformFnParams } from 'class-transformer';
import {
  IsBoolean,
  IsIn,
  IsInt,
  IsNumber,
  IsString,
  Max,
  Min,
  ValidateBy,
  type ValidationOptions,
} from 'class-validator';
import { CronTime } from 'cron';

const MIB = 1024 * 1024;

const wholeNumber = ({ value }: TransformFnParams): unknown =>
  typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value;

const decimalNumber = ({ value }: TransformFnParams): unknown =>
  typeof value === 'string' && /^\d{1,9}(\.\d{1,9})?$/.test(value) ? Number(value) : value;

const truth = ({ value }: TransformFnParams): unknown =>
  value === 'true' ? true : value === 'false' ? false : value;

/** A whole number within bounds, with one message for all that can be wrong with it. */
function WholeNumber(min: number, max: number): PropertyDecorator {
  const options: ValidationOptions = {
    message: `must be a whole number from ${min} to ${max}`,
  };
  return (target, property) => {
    Transform(wholeNumber)(target, property);
    for (const rule of [IsInt(options), Min(min, options), Max(max, options)]) {
      rule(target, property);
    }
  };
}

/** Zero or more, in decimals. */
function DecimalNumber(max: number): PropertyDecorator {
  const options: ValidationOptions = { message: `must be a number from 0 to ${max}` };
  return (target, property) => {
    Transform(decimalNumber)(target, property);
    for (const rule of [IsNumber({}, options), Min(0, options), Max(max, options)]) {
      rule(target, property);
    }
  };
}

function Flag(): PropertyDecorator {
  return (target, property) => {
    Transform(truth)(target, property);
    IsBoolean({ message: 'must be true or false' })(target, property);
  };
}

/** A rule whose check answers with the complaint, or null when the value is good. */
function Rule(name: string, complaint: (value: string) => string | null): PropertyDecorator {
  return ValidateBy({
    name,
    validator: {
      validate: (value) => typeof value === 'string' && complaint(value) === null,
      defaultMessage: (details) => complaint(String(details?.value)) ?? 'is not text',
    },
  });
}

function cronComplaint(value: string): string | null {
  if (value.trim().split(/\s+/).length !== 6) return 'must have six fields, seconds first';
  try {
    new CronTime(value).sendAt(); // throws for one that never comes, such as February 30
    return null;
  } catch (error) {
    return `is not a cron expression (${error instanceof Error ? error.message : String(error)})`;
  }
}

// Not the URL parser: it refuses postgres://user@/db?host=/socket/dir, which PostgreSQL's clients take.
export const postgresUrlComplaint = (value: string): string | null =>
  value === '' || /^postgres(ql)?:\/\/./.test(value) ? null : 'must begin with postgres://';

const httpUrlComplaint = (value: string): string | null =>
  value === '' || (/^https?:/.test(value) && URL.canParse(value))
    ? null
    : 'must be an http:// or https:// URL';

const otlpHeadersComplaint = (value: string): string | null =>
  /^([^\s=,;]+=[\x21-\x2b\x2d-\x7e]+(\s*,\s*|$))*$/.test(value)
    ? null
    : 'must be name=value pairs, comma-separated, other characters percent-encoded';

/**
 * Every variable of the environment, named as it is set, with its default: the only list of them.
 * `.env` explains each one; a test holds the two together.
 */
export class Environment {
  @IsIn(['text', 'json'], { message: 'must be text or json' })
  LOG_FORMAT: 'text' | 'json' = 'text';

  @IsString()
  HOST = '127.0.0.1';

  @WholeNumber(0, 65_535)
  SERVER_PORT = 8000;

  @WholeNumber(0, 65_535)
  CLIENT_PORT = 3000;

  @IsString()
  ALLOWED_HOSTS = '';

  @IsString()
  DATA_DIR = './data';

  @Rule('postgresUrl', postgresUrlComplaint)
  DATABASE_URL = '';

  @IsString()
  DATABASE_URL_FILE = '';

  @Flag()
  MIGRATIONS_RUN = true;

  @IsString()
  EVENTS_FILE = './events.jsonl';

  @Rule('httpUrl', httpUrlComplaint)
  INGEST_URL = '';

  @IsString()
  INGEST_API_KEY = '';

  @IsString()
  API_KEYS = '';

  @IsString()
  API_KEYS_FILE = '';

  @Rule('cron', cronComplaint)
  LOAD_CRON = '* * * * * *';

  @WholeNumber(1, 10_000_000)
  LOAD_USERS_MAX = 1_000_000;

  @WholeNumber(1, 3_600_000)
  LOAD_READ_MS_MAX = 2_000;

  @WholeNumber(24, 1_000_000)
  HISTORY_HOURS_MAX = 2_208;

  @Flag()
  USER_HISTORY = false;

  @WholeNumber(1, 1_000_000_000)
  LAG_SECONDS_MAX = 60;

  @WholeNumber(1, 64 * 1024 * MIB)
  SEGMENT_BYTES_MAX = 64 * MIB;

  @WholeNumber(0, Number.MAX_SAFE_INTEGER)
  DISK_FREE_BYTES_MIN = 64 * MIB;

  @WholeNumber(0, Number.MAX_SAFE_INTEGER)
  BACKLOG_BYTES_MAX = 0;

  @WholeNumber(1, Number.MAX_SAFE_INTEGER)
  APPEND_QUEUE_BYTES_MAX = 64 * MIB;

  @WholeNumber(0, 10 * 365 * 86_400)
  DEDUPE_WINDOW_SECONDS = 86_400;

  @WholeNumber(0, 50_000_000)
  DEDUPE_IDS_MAX = 5_000_000;

  @DecimalNumber(36_500)
  RETENTION_DAYS = 0;

  @IsIn(['archive', 'delete'], { message: 'must be archive or delete' })
  RETENTION_ACTION: 'archive' | 'delete' = 'archive';

  @WholeNumber(1, 512 * MIB)
  JSON_BODY_BYTES_MAX = 10 * MIB;

  @WholeNumber(1, 10_000_000)
  ARRAY_ITEMS_MAX = 100_000;

  @WholeNumber(1_024, MIB)
  LINE_BYTES_MAX = 64 * 1_024;

  @WholeNumber(0, 1_000_000)
  REJECTED_ITEMS_MAX = 1_000;

  @WholeNumber(1, 1_000_000)
  BODY_RATIO_MAX = 200;

  @WholeNumber(1, 86_400)
  BODY_IDLE_SECONDS_MAX = 30;

  @WholeNumber(0, Number.MAX_SAFE_INTEGER)
  BODY_BYTES_PER_SECOND_MIN = 16;

  @WholeNumber(MIB, Number.MAX_SAFE_INTEGER)
  BODIES_BYTES_MAX = 128 * MIB;

  @WholeNumber(1, 3_600)
  HEADERS_SECONDS_MAX = 10;

  @WholeNumber(1, 1_000_000)
  CONNECTIONS_MAX = 10_000;

  @WholeNumber(0, Number.MAX_SAFE_INTEGER)
  KEY_EVENTS_PER_SECOND_MAX = 0;

  @WholeNumber(0, Number.MAX_SAFE_INTEGER)
  LOG_ACCEPTED_EVERY = 1_000;

  @WholeNumber(1, 100_000)
  CLIENT_REQUEST_ITEMS_MAX = 1_000;

  @WholeNumber(1, 64)
  CLIENT_CONCURRENCY_MAX = 4;

  @WholeNumber(1, 1_000)
  CLIENT_ATTEMPTS_MAX = 8;

  @WholeNumber(100, 600_000)
  DRAIN_TIMEOUT_MS = 10_000;

  @Rule('httpUrl', httpUrlComplaint)
  OTEL_EXPORTER_OTLP_ENDPOINT = '';

  @Rule('otlpHeaders', otlpHeadersComplaint)
  OTEL_EXPORTER_OTLP_HEADERS = '';

  @DecimalNumber(1)
  OTEL_TRACES_SAMPLER_ARG = 1;

  @IsString()
  OTEL_SERVICE_NAME = 'revenue-etl';
}
