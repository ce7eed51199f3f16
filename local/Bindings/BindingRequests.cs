using System.Collections.Frozen;
using DaprShop.Local.Configuration;
using DaprShop.Local.Errors;
using DaprShop.Local.Hosting;
using DaprShop.Local.Resiliency;
using Grpc.Core;

namespace DaprShop.Local.Bindings;

/// <summary>The output bindings of every sidecar, which HTTP and gRPC both call.</summary>
public sealed class BindingRequests
{
    private const string Prefix = "bindings.";

    private readonly FrozenDictionary<string, FrozenDictionary<string, IOutputBinding>> _bindings;
    private readonly ResiliencyPolicies _resiliency;

    /// <exception cref="ConfigurationError">A component that cannot be served.</exception>
    public BindingRequests(AppRegistry apps, ResiliencyPolicies resiliency)
    {
        _resiliency = resiliency;
        _bindings = apps.Sidecars.DistinctBy(sidecar => sidecar.AppId).ToFrozenDictionary(
            sidecar => sidecar.AppId,
            sidecar => sidecar.Components
                .Where(spec => spec.Type.StartsWith(Prefix, StringComparison.Ordinal))
                .Select(spec => (spec.Name, Binding: OutputBindings.Open(spec)))
                .Where(opened => opened.Binding is not null)
                .ToFrozenDictionary(opened => opened.Name, opened => opened.Binding!, StringComparer.Ordinal));
    }

    /// <exception cref="BindingError">It went wrong.</exception>
    public async Task<BindingAnswer> InvokeAsync(Sidecar sidecar, string name, BindingCall call, CancellationToken cancellation)
    {
        try
        {
            var binding = BindingOf(sidecar, name, call.Operation);
            return await _resiliency.For(sidecar.AppId)
                .CallAsync(name, ComponentKind.Binding, limited => binding.InvokeAsync(call, limited), cancellation);
        }
        catch (BindingFailure failure)
        {
            throw Failed(name, failure.Message, failure.Answer);
        }
        catch (CallRefused refusal)
        {
            throw Failed(name, refusal.Message, BindingAnswer.None);
        }
    }

    private static BindingError Failed(string name, string reason, BindingAnswer answer) => new(
        new DaprError(500, "ERR_INVOKE_OUTPUT_BINDING", StatusCode.Internal, $"error invoking output binding {name}: {reason}"), answer);

    private IOutputBinding BindingOf(Sidecar sidecar, string name, string operation)
    {
        if (operation.Length == 0) throw new BindingFailure("operation field is missing from request");
        if (!_bindings[sidecar.AppId].TryGetValue(name, out var binding)) throw new BindingFailure($"couldn't find output binding {name}");
        return binding.Operations.Contains(operation) ? binding : throw new BindingFailure(
            $"binding {name} does not support operation {operation}. supported operations:{string.Join(' ', binding.Operations)}");
    }
}

/// <summary>An error of a binding, with what the binding had to say about it.</summary>
public sealed class BindingError(DaprError error, BindingAnswer answer) : Exception(error.Message)
{
    public DaprError Error { get; } = error;

    public BindingAnswer Answer { get; } = answer;
}
