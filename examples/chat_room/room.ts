// One chat room: who is in it, and what was said.
type Message = { who: string; text: string };

const HISTORY = 100;
const history: Message[] = JSON.parse(localStorage.getItem("history") ?? "[]");
const members = new Map<string, unknown>();
const elsewhere = new BroadcastChannel(`room:${room}`);

const take = (message: Message) => {
  history.push(message);
  if (history.length > HISTORY) history.shift();
  localStorage.setItem("history", JSON.stringify(history));
  for (const pid of members.values()) Beam.send(pid, { room, ...message });
};

elsewhere.onmessage = ({ data }) => take(data);

globalThis.join = (who: string, pid: unknown): string[] => {
  members.set(who, pid);
  Beam.monitor(pid, () => members.delete(who));
  return [...members.keys()];
};

globalThis.say = (who: string, text: string): number => {
  if (!members.has(who)) throw new Error(`${who} is not in this room`);
  const message = { who, text: text.slice(0, 1000) };
  take(message);
  elsewhere.postMessage(message);
  return history.length;
};

globalThis.members = (): string[] => [...members.keys()];
globalThis.history = (): Message[] => history;
