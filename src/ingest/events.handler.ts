import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { AppConfig } from '../shared/config/app-config.js';
import { callerOf } from '../shared/http/access.js';
import { BodyBytes } from '../shared/http/body-bytes.js';
import { BodyWatch } from '../shared/http/body-watch.js';
import { Drain } from '../shared/drain.js';
import { InternalKey } from '../shared/http/internal-key.js';
import { OpenItems, type Placed } from '../shared/http/open-items.js';
import { Problem } from '../shared/http/problem.js';
import { RateLimit } from '../shared/http/rate-limit.js';
import { announce, appends } from '../shared/tracing/trace-channels.js';
import { StagingLog } from '../staging-log/staging-log.port.js';
import { answerOf, ONE_ACCEPTED, type EventsAnswer } from './answer.js';
import { BatchPool } from './batch-pool.js';
import { BodyReader } from './body-reader.js';
import { decodeBinary, decodeStructured, refuseDataId } from './cloud-events/decode-cloud-event.js';
import type { EventBatch, Sender } from './event-batch.js';
import { EventTally } from './event-tally.js';
import { ItemCounts } from './item-counts.js';
import {
  arrayTooLong,
  isScannedEvent,
  parseBody,
  takeScannedArray,
  windowFor,
} from './json-items.js';
import { bodyForm, type BodyForm } from './media-type.js';
import { NdjsonBody } from './ndjson-body.js';
import { refusedByLog } from './refused-by-log.js';
import { ScanWindow, SLICE_BYTES_MAX } from './scan-window.js';
import { readWholeBody, type WholeBodyOptions } from './whole-body.js';

/** How long bodies that come in may end by themselves once the process shuts down. */
const DRAIN_PATIENCE_MS = 1_000;

interface OpenStream extends Placed {
  readonly reader: BodyReader;
}

/** `POST /events`, whatever the format: reads a body, stores its events, and says what became of each. */
@Injectable()
export class EventsHandler {
  private readonly window: ScanWindow;
  private readonly batches: BatchPool;
  private readonly wholeBody: WholeBodyOptions;
  /** NDJSON bodies, which may be without an end. */
  private readonly streams = new OpenItems<OpenStream>();

  constructor(
    private readonly config: AppConfig,
    private readonly log: StagingLog,
    private readonly watch: BodyWatch,
    private readonly bodyBytes: BodyBytes,
    private readonly internal: InternalKey,
    private readonly rate: RateLimit,
    private readonly drain: Drain,
    private readonly tally: EventTally,
  ) {
    drain.signal.addEventListener('abort', () => {
      setTimeout(
        () => {
          for (const { reader } of this.streams.list()) reader.stop(shuttingDown());
        },
        Math.min(DRAIN_PATIENCE_MS, config.drainTimeoutMs / 2),
      ).unref();
    });
    this.window = new ScanWindow(config.lineBytesMax + SLICE_BYTES_MAX);
    this.batches = new BatchPool(config.rejectedItemsMax);
    this.wholeBody = { watch, bodyBytes, bytesMax: config.jsonBodyBytesMax };
  }

  /**
   * For a request that was let in. Resolves when what is answered with is durable.
   * @throws Problem when nothing of it is stored.
   */
  take(request: IncomingMessage): Promise<EventsAnswer> {
    const form = bodyForm(request.headers);
    this.tally.requests[form] += 1;
    return form === 'ndjson' ? this.takeLines(request) : this.takeWhole(request, form);
  }

  private async takeLines(request: IncomingMessage): Promise<EventsAnswer> {
    const { config, log, batches, bodyBytes, watch, window, tally } = this;
    if (this.drain.begun) throw shuttingDown();
    const counts = new ItemCounts(config.rejectedItemsMax, tally);
    const reader = new BodyReader(request, {
      ...{ watch, bodyBytes },
      ratioMax: config.bodyRatioMax,
    });
    const body = new NdjsonBody(reader, {
      ...{ request, log, batches, bodyBytes, counts, window, tally },
      sender: this.senderOf(request),
      lineBytesMax: config.lineBytesMax,
      admit: (events) => this.rate.take(request, events),
    });
    const stream = { reader, place: -1 };
    this.streams.add(stream);
    const stop = await body.take();
    this.streams.delete(stream);
    reader.close();
    if (stop !== null && counts.stored) tally.refuse(stop.code);
    return answerOf(counts, stop);
  }

  private async takeWhole(
    request: IncomingMessage,
    form: Exclude<BodyForm, 'ndjson'>,
  ): Promise<EventsAnswer> {
    const body = await readWholeBody(request, this.wholeBody);
    try {
      const { bytes } = body;
      this.tally.bodyBytes += bytes.length;
      if (form !== 'json') return await this.takeCloudEvents(request, form, bytes);
      const window = windowFor(bytes, this.window);
      if (isScannedEvent(bytes, window)) return await this.takeScannedEvent(request, window);
      return await this.batches.lend((batch) => {
        if (!takeScannedArray(bytes, window, batch)) this.addJson(request, bytes, batch);
        return this.append(request, batch);
      });
    } finally {
      body.release();
    }
  }

  /** One event, as nearly all requests are that hold one: as texts, which the log puts together. */
  private takeScannedEvent(
    request: IncomingMessage,
    { bytes, scanner }: ScanWindow,
  ): Promise<EventsAnswer> {
    const { idStart, idEnd, payloadStart, payloadEnd } = scanner;
    const payload = `{${bytes.toString('utf8', payloadStart + 1, payloadEnd)}`;
    const id = idStart === idEnd ? undefined : bytes.toString('utf8', idStart, idEnd);
    const limited = this.rate.take(request, 1);
    if (limited !== null) throw limited;
    const record = id === undefined ? { payload } : { id, payload };
    const appending = announce(appends, { request, records: 1 }, () => this.log.append([record]));
    return appending.then((result) => {
      if (result.kind === 'refused') throw refusedByLog(result);
      if (result.outcomes[0] === 'appended') {
        this.tally.accepted += 1;
        return ONE_ACCEPTED;
      }
      return this.batches.lend((batch) => {
        batch.addStored();
        return this.count(batch, result.outcomes);
      });
    });
  }

  private addJson(request: IncomingMessage, body: Buffer, batch: EventBatch): void {
    batch.clear(); // of what the scanner took before it met something else
    const json = parseBody(body, this.config.arrayItemsMax);
    const items = Array.isArray(json) ? (json as unknown[]) : [json];
    this.checkCount(items.length);
    const sender = this.senderOf(request);
    for (const item of items) batch.add({ json: item }, sender);
  }

  private takeCloudEvents(
    request: IncomingMessage,
    form: BodyForm,
    body: Buffer,
  ): Promise<EventsAnswer> {
    return this.batches.lend((batch) => {
      if (form === 'cloud-event') this.addBinary(request, body, batch);
      else this.addStructured(form, body, batch);
      return this.append(request, batch);
    });
  }

  private addBinary(request: IncomingMessage, body: Buffer, batch: EventBatch): void {
    const attributes = decodeBinary(request.headersDistinct);
    if (attributes.kind === 'refused') throw invalid(attributes.code, attributes.message);
    const json = parseBody(body, this.config.arrayItemsMax);
    const refusal = refuseDataId(json);
    if (refusal === null) batch.add({ json, id: attributes.id }, 'any');
    else batch.reject(refusal);
  }

  private addStructured(form: BodyForm, body: Buffer, batch: EventBatch): void {
    const json = parseBody(body, this.config.arrayItemsMax);
    const isBatch = form === 'cloud-event-batch';
    if (isBatch && !Array.isArray(json)) {
      throw invalid('CLOUDEVENT_INVALID', 'a batch of CloudEvents is a JSON array');
    }
    const items = isBatch ? (json as unknown[]) : [json];
    this.checkCount(items.length);
    for (const item of items) addCloudEvent(item, batch);
  }

  private async append(request: IncomingMessage, batch: EventBatch): Promise<EventsAnswer> {
    this.checkCount(batch.items);
    const { lines } = batch;
    if (lines.count === 0) return this.count(batch, []);
    const limited = this.rate.take(request, lines.count);
    if (limited !== null) throw limited;
    const announced = { request, records: lines.count };
    const result = await announce(appends, announced, () => this.log.appendLines(lines));
    if (result.kind === 'refused') throw refusedByLog(result);
    return this.count(batch, result.outcomes);
  }

  private count(batch: EventBatch, outcomes: Parameters<EventBatch['settle']>[0]): EventsAnswer {
    const counts = new ItemCounts(this.config.rejectedItemsMax, this.tally);
    batch.settle(outcomes, counts);
    return answerOf(counts, null);
  }

  private checkCount(count: number): void {
    const { arrayItemsMax } = this.config;
    if (count > arrayItemsMax) throw arrayTooLong(arrayItemsMax);
  }

  private senderOf(request: IncomingMessage): Sender {
    return callerOf(request) === this.internal.corrections.key ? 'corrections' : 'any';
  }
}

function addCloudEvent(json: unknown, batch: EventBatch): void {
  const decoded = decodeStructured(json);
  if (decoded.kind === 'refused') batch.reject(decoded);
  else batch.add({ json: decoded.data, id: decoded.id }, 'any');
}

const invalid = (code: string, detail: string): Problem =>
  new Problem({ status: 400, code, detail });

function shuttingDown(): Problem {
  const detail = 'the server is shutting down';
  return new Problem({ status: 503, code: 'LOG_CLOSED', detail, retryAfterSeconds: 5 });
}
