import {
  subscribe,
  unsubscribe,
  type Channel,
  type TracingChannel,
} from 'node:diagnostics_channel';

type Listener<Message> = (message: Message) => void;

interface Phases<Context> {
  readonly start?: Listener<Context>;
  readonly end?: Listener<Context>;
  readonly asyncEnd?: Listener<Context>;
}

/** What listens to channels, until it is closed. A listener that throws would end the process: its error is dropped. */
export class Subscriptions {
  private readonly undo: (() => void)[] = [];

  on<Message>(channel: Channel<unknown, Message>, listener: Listener<Message>): void {
    const guarded = (message: unknown): void => {
      try {
        listener(message as Message);
      } catch {
        // A trace is incomplete then; whoever is traced has done nothing wrong.
      }
    };
    subscribe(channel.name, guarded);
    this.undo.push(() => unsubscribe(channel.name, guarded));
  }

  onPhases<Context extends object>(
    channel: TracingChannel<unknown, Context>,
    phases: Phases<Context>,
  ): void {
    for (const phase of ['start', 'end', 'asyncEnd'] as const) {
      const listener = phases[phase];
      if (listener !== undefined) this.on(channel[phase], listener);
    }
  }

  close(): void {
    for (const undo of this.undo.splice(0)) undo();
  }
}
