namespace DaprShop.Local.Actors;

/// <summary>
/// An actor that its app holds in memory: one turn at a time, first come first served, and nobody blocks a thread while waiting.
/// With reentrancy, calls of the flow that has the turn are let in on top of it.
/// </summary>
internal sealed class ActiveActor
{
    private readonly Lock _lock = new();
    private readonly IdleActors _idle;
    private Queue<Waiter>? _waiting;
    private string? _flow;
    private int _depth;
    private bool _closed;

    public ActiveActor(ActorRef actor, ActorType type, IdleActors idle)
    {
        Actor = actor;
        Type = type;
        _idle = idle;
        IdleNode = new LinkedListNode<ActiveActor>(this);
    }

    public ActorRef Actor { get; }

    public ActorType Type { get; }

    /// <summary>Its place among the idle ones; belongs to <see cref="IdleActors"/>.</summary>
    internal LinkedListNode<ActiveActor> IdleNode { get; }

    /// <summary>Belongs to <see cref="IdleActors"/>.</summary>
    internal DateTimeOffset IdleUntil { get; set; }

    /// <summary>Waits for the turn. False when the actor is no longer active here: look it up again.</summary>
    /// <param name="flow">The reentrancy id of the call; null when there is no reentrancy.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="Errors.DaprError">The flow has come back too often.</exception>
    public async ValueTask<bool> EnterAsync(string? flow, CancellationToken cancellation)
    {
        Waiter waiter;
        lock (_lock)
        {
            if (_closed) return false;
            if (_depth == 0)
            {
                _idle.Remove(this);
                Begin(flow);
                return true;
            }
            if (flow is not null && flow == _flow)
            {
                if (_depth >= Type.MaxStackDepth) throw ActorErrors.StackTooDeep();
                _depth++;
                return true;
            }
            waiter = new Waiter(flow);
            (_waiting ??= new Queue<Waiter>()).Enqueue(waiter);
        }
        await using var giveUp = cancellation.UnsafeRegister(static (state, token) => ((Waiter)state!).TrySetCanceled(token), waiter);
        return await waiter.Task;
    }

    /// <summary>Ends what <see cref="EnterAsync"/> or <see cref="TryEnter"/> began; the next one's turn begins.</summary>
    public void Leave()
    {
        lock (_lock)
        {
            if (--_depth > 0) return;
            while (_waiting is not null && _waiting.TryDequeue(out var next))
            {
                if (!next.TrySetResult(true)) continue;
                Begin(next.Flow);
                return;
            }
            _flow = null;
            if (!_closed) _idle.Add(this);
        }
    }

    /// <summary>Takes the turn if nobody has it.</summary>
    public bool TryEnter()
    {
        lock (_lock)
        {
            if (_closed || _depth > 0) return false;
            _idle.Remove(this);
            Begin(flow: null);
            return true;
        }
    }

    /// <summary>Whoever waits, and whoever comes, is to look the actor up again.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _closed = true;
            _idle.Remove(this);
            while (_waiting is not null && _waiting.TryDequeue(out var waiter)) waiter.TrySetResult(false);
        }
    }

    private void Begin(string? flow)
    {
        _flow = flow;
        _depth = 1;
    }

    private sealed class Waiter(string? flow) : TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public string? Flow { get; } = flow;
    }
}
