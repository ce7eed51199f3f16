using DaprShop.Local.Resiliency;

namespace DaprShop.Local.Faults;

/// <summary>The faults that are set now, and how often each has struck.</summary>
/// <param name="time">For <see cref="Fault.From"/>, <see cref="Fault.Until"/>, delays and silences.</param>
public sealed class FaultPlan(TimeProvider time)
{
    private readonly Lock _lock = new();
    private volatile Row[] _rows = [];
    private TaskCompletionSource _lifted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _since;

    /// <summary>Somebody's process is to die.</summary>
    public event Action<string>? KillWanted;

    /// <summary>Sets these faults instead of those before; who was kept waiting by one of those sees the connection break.</summary>
    public void Set(FaultFile file)
    {
        TaskCompletionSource before;
        lock (_lock)
        {
            _rows = [.. file.Faults.Select((fault, i) => new Row(fault, new Random(HashCode(file.Seed, i))))];
            _since = time.GetTimestamp();
            (before, _lifted) = (_lifted, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }
        before.SetResult();
    }

    /// <summary>Each fault, and how many calls it has been about, and has hit.</summary>
    public IReadOnlyList<(Fault Fault, int Seen, int Hit)> Report()
    {
        lock (_lock) return [.. _rows.Select(row => (row.Fault, row.Seen, row.Hit))];
    }

    /// <summary>False when no fault is about such calls, so that nobody need look at them.</summary>
    public bool Concerns(FaultPoint on) => Array.Exists(_rows, row => row.Fault.On == on);

    /// <summary>
    /// Lets the call meet its fault: waits, kills, or breaks the connection. Answers the fault when the rest is the caller's to do
    /// (<see cref="FaultKind.Fail"/>, <see cref="FaultKind.Repeat"/>, <see cref="FaultKind.Shuffle"/>), else null.
    /// </summary>
    /// <exception cref="ConnectionBroken">There will be no answer.</exception>
    public async Task<Fault?> MeetAsync(SidecarCall call, FaultMoment when, CancellationToken cancellation)
    {
        if (Strike(call, when) is not var (fault, lifted)) return null;
        switch (fault.Do)
        {
            case FaultKind.Delay:
                await WaitAsync(fault.For!.Value, lifted, cancellation);
                return null;
            case FaultKind.Mute:
                await WaitAsync(fault.For ?? TimeSpan.MaxValue, lifted, cancellation);
                throw new ConnectionBroken();
            case FaultKind.Kill:
                KillWanted?.Invoke(fault.Target ?? call.App);
                throw new ConnectionBroken();
            case FaultKind.Cut:
                throw new ConnectionBroken();
            default:
                return fault;
        }
    }

    /// <summary>Waits, until the faults are lifted at the latest.</summary>
    private async Task WaitAsync(TimeSpan span, Task lifted, CancellationToken cancellation) =>
        await await Task.WhenAny(Pause.ForAsync(span, time, cancellation), lifted);

    private (Fault Fault, Task Lifted)? Strike(SidecarCall call, FaultMoment when)
    {
        if (!Concerns(call.On)) return null;
        lock (_lock)
        {
            var elapsed = time.GetElapsedTime(_since);
            foreach (var row in _rows)
                if (row.Fault.IsAbout(call, when) && row.Strikes(elapsed)) return (row.Fault, _lifted.Task);
        }
        return null;
    }

    /// <summary>The same in every process, unlike <see cref="System.HashCode"/>.</summary>
    private static int HashCode(int seed, int row) => unchecked((seed * 397) ^ row);

    private sealed class Row(Fault fault, Random random)
    {
        public Fault Fault { get; } = fault;

        public int Seen { get; private set; }

        public int Hit { get; private set; }

        public bool Strikes(TimeSpan elapsed)
        {
            if (elapsed < Fault.From || elapsed > Fault.Until || Hit >= Fault.Times) return false;
            if (Seen++ < Fault.Skip || random.NextDouble() >= Fault.Chance) return false;
            Hit++;
            return true;
        }
    }
}

/// <summary>The connection breaks before the answer.</summary>
public sealed class ConnectionBroken() : HttpRequestException(HttpRequestError.ResponseEnded, "a fault was injected: the connection broke");
