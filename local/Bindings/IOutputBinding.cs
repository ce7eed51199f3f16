using DaprShop.Local.Configuration;

namespace DaprShop.Local.Bindings;

/// <summary>Something outside that an app reaches through its sidecar.</summary>
internal interface IOutputBinding
{
    /// <summary>What may be asked of it, as daprd names it.</summary>
    IReadOnlyList<string> Operations { get; }

    /// <exception cref="BindingFailure">It went wrong.</exception>
    Task<BindingAnswer> InvokeAsync(BindingCall call, CancellationToken cancellation);
}

/// <summary>What an app asks.</summary>
/// <param name="Operation">E.g. <c>create</c>.</param>
/// <param name="Data">As it came: JSON over HTTP, any bytes over gRPC.</param>
/// <param name="Metadata">Of this call.</param>
public sealed record BindingCall(string Operation, ReadOnlyMemory<byte> Data, IReadOnlyDictionary<string, string> Metadata);

/// <param name="Data">Null when the binding has no answer.</param>
/// <param name="Metadata">About the answer.</param>
public sealed record BindingAnswer(byte[]? Data, IReadOnlyDictionary<string, string> Metadata)
{
    public static BindingAnswer None { get; } = new(null, new Dictionary<string, string>());
}

/// <summary>A call that went wrong; there may be an answer all the same.</summary>
internal sealed class BindingFailure(string message, BindingAnswer? answer = null) : Exception(message)
{
    public BindingAnswer Answer { get; } = answer ?? BindingAnswer.None;
}

internal static class OutputBindings
{
    /// <summary>Null for a component that is no output binding.</summary>
    /// <exception cref="ConfigurationError">A type that is not served, or a setting that is wrong.</exception>
    public static IOutputBinding? Open(ComponentSpec spec) => spec.Type switch
    {
        "bindings.http" => new HttpBinding(new ComponentSettings(spec)),
        "bindings.smtp" => new SmtpBinding(new ComponentSettings(spec)),
        "bindings.cron" => null,
        _ => throw new ComponentSettings(spec).Error(
            $"the local runtime does not serve {spec.Type}; it has bindings.cron, bindings.http and bindings.smtp"),
    };
}
