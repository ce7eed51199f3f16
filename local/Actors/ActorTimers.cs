using System.Buffers;
using System.Text.Json;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;

namespace DaprShop.Local.Actors;

/// <summary>
/// Wake-up calls that live no longer than the app: kept in memory, and a failed callback is like any other. The next time comes only
/// after the callback has ended.
/// </summary>
internal sealed class ActorTimers : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<ReminderKey, ActorTimer> _timers = [];
    private readonly DueQueue<ActorTimer> _queue;
    private readonly ActorPlacement _placement;
    private readonly ActorCalls _calls;
    private readonly TimeProvider _time;
    private readonly ILogger<ActorTimers> _logger;

    public ActorTimers(ActorPlacement placement, ActorCalls calls, TimeProvider time, ILogger<ActorTimers> logger)
    {
        (_placement, _calls, _time, _logger) = (placement, calls, time, logger);
        _queue = new DueQueue<ActorTimer>(time, timer => _ = FireAsync(timer));
        placement.HostGone += ForgetAll;
    }

    /// <exception cref="DaprError">As daprd answers it.</exception>
    public async Task RegisterAsync(
        Sidecar sidecar, ActorRef actor, string name, ScheduleBody body, byte[]? data, CancellationToken cancellation)
    {
        ActorNames.Check(name);
        RefuseReserved(actor);
        var host = await _placement.OfAsync(sidecar, cancellation);
        if (host is null || !host.Types.ContainsKey(actor.Type))
            throw ActorErrors.TimerCreate($"can't create timer for actor {actor}: actor type not registered");
        var timer = ActorTimer.Create(new ReminderKey(sidecar.AppId, actor, name), sidecar, body, data, _time.GetUtcNow());
        lock (_lock)
        {
            if (_timers.Remove(timer.Key, out var former)) _queue.Remove(former);
            _timers.Add(timer.Key, timer);
            _queue.Add(timer);
        }
    }

    /// <summary>No error when there is none.</summary>
    public void Unregister(Sidecar sidecar, ActorRef actor, string name)
    {
        RefuseReserved(actor);
        lock (_lock)
        {
            if (_timers.Remove(new ReminderKey(sidecar.AppId, actor, name), out var timer)) _queue.Remove(timer);
        }
    }

    public void Dispose()
    {
        _placement.HostGone -= ForgetAll;
        _queue.Dispose();
    }

    private static void RefuseReserved(ActorRef actor)
    {
        if (actor.Type.StartsWith(ActorRef.ReservedPrefix, StringComparison.Ordinal)) throw ActorErrors.Reserved(actor.Type);
    }

    private void ForgetAll(Sidecar sidecar)
    {
        lock (_lock)
        {
            foreach (var timer in _timers.Values.Where(timer => timer.Sidecar == sidecar).ToList())
            {
                _timers.Remove(timer.Key);
                _queue.Remove(timer);
            }
        }
    }

    private bool IsCurrent(ActorTimer timer)
    {
        lock (_lock) return _timers.GetValueOrDefault(timer.Key) == timer;
    }

    private async Task FireAsync(ActorTimer timer)
    {
        if (!IsCurrent(timer)) return;
        try
        {
            await _calls.FireAsync(timer.Key.Actor, "timer/" + timer.Key.Name, timer.Payload);
        }
        catch (Exception error)
        {
            _logger.LogWarning("Timer {Timer} of {Actor} failed ({Error})", timer.Key.Name, timer.Key.Actor, error.GetType().Name);
        }
        lock (_lock)
        {
            if (_timers.GetValueOrDefault(timer.Key) != timer) return;
            if (timer.MoveOn()) _queue.Add(timer);
            else _timers.Remove(timer.Key);
        }
    }

    private sealed class ActorTimer : DueItem
    {
        private Period? _period;
        private int? _left;
        private DateTimeOffset? _expires;

        public ReminderKey Key { get; private init; }

        /// <summary>Beside the app that made it, with which it goes.</summary>
        public required Sidecar Sidecar { get; init; }

        public ReadOnlyMemory<byte> Payload { get; private init; }

        /// <exception cref="DaprError">Something in it is not understood.</exception>
        public static ActorTimer Create(ReminderKey key, Sidecar sidecar, ScheduleBody body, byte[]? data, DateTimeOffset now)
        {
            var due = string.IsNullOrEmpty(body.DueTime)
                ? now
                : Period.PointInTime(body.DueTime, now)
                    ?? throw ActorErrors.TimerCreate($"error parsing timer due time: unsupported time/duration format: {body.DueTime}");
            var period = string.IsNullOrEmpty(body.Period)
                ? null
                : Period.Parse(body.Period)
                    ?? throw ActorErrors.TimerCreate($"invalid timer period: parse error: unsupported duration format: {body.Period}");
            if (period?.Repetitions is 0) throw ActorErrors.TimerCreate("invalid timer period: has zero repetitions");
            DateTimeOffset? expires = string.IsNullOrEmpty(body.Ttl)
                ? null
                : Period.PointInTime(body.Ttl, due)
                    ?? throw ActorErrors.TimerCreate($"error parsing timer TTL: unsupported time/duration format: {body.Ttl}");
            if (now > expires || due > expires)
                throw ActorErrors.TimerCreate(
                    $"timer {key.Actor}{ActorRef.Separator}{key.Name} has already expired: dueTime: {due:o} TTL: {body.Ttl}");
            return new ActorTimer
            {
                Key = key,
                Sidecar = sidecar,
                Payload = Write(body, data),
                DueAt = due,
                _period = period,
                _left = period?.Repetitions,
                _expires = expires,
            };
        }

        /// <summary>Sets the next time; false when there is none.</summary>
        public bool MoveOn()
        {
            if (_left is { } left) _left = left - 1;
            if (_period is not { IsZero: false } period || _left is 0) return false;
            DueAt = period.After(DueAt);
            return _expires is null || DueAt < _expires;
        }

        private static ReadOnlyMemory<byte> Write(ScheduleBody body, byte[]? data)
        {
            var buffer = new ArrayBufferWriter<byte>();
            using (var json = new Utf8JsonWriter(buffer))
            {
                json.WriteStartObject();
                json.WriteString("callback"u8, body.Callback ?? "");
                if (data is not null)
                {
                    json.WritePropertyName("data"u8);
                    json.WriteRawValue(data, skipInputValidation: true);
                }
                json.WriteString("dueTime"u8, body.DueTime ?? "");
                json.WriteString("period"u8, body.Period ?? "");
                json.WriteEndObject();
            }
            return buffer.WrittenMemory;
        }
    }
}
