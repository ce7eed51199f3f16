namespace DaprShop.Bench;

/// <summary>The run cannot go on; the message is for the person who started it.</summary>
public sealed class BenchError(string message, int exitCode = 1) : Exception(message)
{
    public int ExitCode { get; } = exitCode;
}
