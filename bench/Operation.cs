namespace DaprShop.Bench;

/// <summary>Something a client does over and over. One instance a client.</summary>
public interface IOperation : IDisposable
{
    string Name { get; }

    /// <summary>Does it once. Null when it went as it should, else a few words on what went wrong: a status, an exception's name.</summary>
    ValueTask<string?> RunAsync(CancellationToken cancellation);
}

/// <summary>Does one of several operations, each as often as its weight says.</summary>
public sealed class Mix(Random random, params (IOperation Operation, int Weight)[] parts) : IDisposable
{
    private readonly int _total = parts.Sum(part => part.Weight);

    public IEnumerable<string> Names => parts.Select(part => part.Operation.Name);

    public IOperation Next()
    {
        var draw = random.Next(_total);
        foreach (var (operation, weight) in parts)
        {
            draw -= weight;
            if (draw < 0) return operation;
        }
        return parts[^1].Operation;
    }

    public void Dispose()
    {
        foreach (var (operation, _) in parts) operation.Dispose();
    }
}
