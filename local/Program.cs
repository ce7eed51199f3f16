Console.Error.WriteLine("The local runtime is not here yet.");
return 1;
