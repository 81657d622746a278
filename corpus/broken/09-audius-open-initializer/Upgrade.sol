// SPDX-License-Identifier: MIT OR Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

error NotAllowed();
error AlreadyInitialized();

/// @notice The successor's address; its admin changes the code behind it.
contract UpgradeableToken is ERC1967Proxy {
    address private immutable ADMIN = msg.sender;

    constructor(address implementation, bytes memory data) ERC1967Proxy(implementation, data) {}

    receive() external payable {
        _fallback();
    }

    /// @notice Puts other code behind the address.
    function upgradeTo(address implementation) external {
        if (msg.sender != ADMIN) revert NotAllowed();
        ERC1967Utils.upgradeToAndCall(implementation, "");
    }
}

/// @notice The first version: a token with a minter.
contract TokenV1 is ERC20 {
    address public minter;
    bool private _initialized;

    constructor() ERC20("", "") {
        _initialized = true;
    }

    /// @notice Names the minter, once.
    function initialize(address minter_) external {
        if (_initialized) revert AlreadyInitialized();
        _initialized = true;
        minter = minter_;
    }

    /// @notice Mints to the minter.
    function mint(uint256 amount) external {
        if (msg.sender != minter) revert NotAllowed();
        _mint(msg.sender, amount);
    }
}

/// @notice The second version, which also takes legacy.
contract TokenV2 is ERC20 {
    using SafeERC20 for IERC20;

    IERC20 private immutable LEGACY;
    uint256 public taken;
    address public minter;
    bool private _initialized;

    constructor(IERC20 legacy) ERC20("", "") {
        LEGACY = legacy;
        _initialized = true;
    }

    /// @notice Names the minter, once.
    function initialize(address minter_) external {
        if (_initialized) revert AlreadyInitialized();
        _initialized = true;
        minter = minter_;
    }

    /// @notice Mints to the minter.
    function mint(uint256 amount) external {
        if (msg.sender != minter) revert NotAllowed();
        _mint(msg.sender, amount);
    }

    /// @notice Keeps `amount` of the caller's legacy and mints the same.
    function convert(uint256 amount) external {
        taken += amount;
        LEGACY.safeTransferFrom(msg.sender, address(this), amount);
        _mint(msg.sender, amount);
    }
}
