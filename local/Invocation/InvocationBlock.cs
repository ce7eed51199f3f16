namespace DaprShop.Local.Invocation;

internal static class InvocationBlock
{
    /// <summary>Invocation maps no endpoints: <see cref="Hosting.SidecarApi"/> asks <see cref="Invoker"/> before routing.</summary>
    public static void AddInvocation(this IServiceCollection services)
    {
        services.AddHttpForwarder();
        services.AddSingleton<Invoker>();
        services.AddSingleton<CallbackInvocation>();
        services.AddSingleton<GrpcProxy>();
        services.AddSingleton<ServiceInvocation>();
    }
}
