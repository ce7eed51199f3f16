namespace DaprShop.Members;

/// <summary>In this process, what has one key happens one after the other. A few keys share their turns.</summary>
internal sealed class Turns : IDisposable
{
    private readonly SemaphoreSlim[] _turns = [.. Enumerable.Range(0, 64).Select(_ => new SemaphoreSlim(1, 1))];

    /// <summary>Waits for the turn, which lasts until it is disposed of.</summary>
    public async Task<IDisposable> TakeAsync(string key, CancellationToken cancellation)
    {
        var turn = _turns[(uint)string.GetHashCode(key, StringComparison.Ordinal) % _turns.Length];
        await turn.WaitAsync(cancellation);
        return new Taken(turn);
    }

    public void Dispose()
    {
        foreach (var turn in _turns) turn.Dispose();
    }

    private sealed class Taken(SemaphoreSlim turn) : IDisposable
    {
        public void Dispose() => turn.Release();
    }
}
